import type { Place } from '../../app/topology/topology-observable.js';
import { disregardWithin } from '../../base/disregard.js';
import { whole } from '../../base/option-kinds.js';
import type { Fields } from '../../base/option-schema.js';
import { errorKind, isKafkaRxError, KafkaRxError } from '../../errors/errors.js';
import { located } from '../../errors/located.js';
import { type Policy, policyKind, verdictOf } from '../../errors/policies/policy.js';
import { tried } from '../../errors/tried.js';
import type { KafkaRecord } from '../../record/record.js';
import { refuseUndone } from '../../record/refuse-undone.js';
import { deliveriesOf } from '../leases/delivery.js';
import { KeyedWork } from '../leases/keyed-work.js';
import { endedBefore, hold, isAtBarrier, isStale, laneOf, release } from '../leases/leases.js';
import { Retries } from '../leases/retries.js';
import { Sink, type SinkHost, type SinkOptions, sinkOptions } from './sink.js';

/** @category Sinks @since 0.1.0 */
export interface EachSinkOptions extends SinkOptions {
  /** Calls under way at once, over all partitions. Those of one partition, or of a task of several, are handed over one at a time. Default 16. */
  readonly concurrency?: number | undefined;
  /** What becomes of a record whose call throws or rejects. Default: the app's policy for `process`. */
  readonly onError?: Policy | undefined;
}

export const eachSinkOptions: Fields<EachSinkOptions> = {
  ...sinkOptions,
  concurrency: whole(1, { endless: true }),
  onError: policyKind,
};

/**
 * What `app.each` calls; the signal is aborted when the partition goes to another member. A listener of it that throws is an uncaught
 * exception, as Node has it for any event of the kind: the process ends.
 */
export type EachFunction<K, V> = (
  record: KafkaRecord<K, V>,
  context: { readonly signal: AbortSignal },
) => unknown;

/** Calls a function for each record. The lease lasts until the function has returned and its promise, if any, settled. */
export class EachSink<K, V> extends Sink<K, V> {
  readonly #call: EachFunction<K, V>;
  readonly #onError: Policy | undefined;
  /** @see Lane.orderSlot */
  readonly #work: KeyedWork<number, KafkaRecord<K, V>>;
  readonly #retries = new Retries();

  constructor(
    host: SinkHost,
    place: Place,
    call: EachFunction<K, V>,
    options: EachSinkOptions,
    concurrency: number,
  ) {
    super(host, place, options);
    this.#call = call;
    this.#onError = options.onError;
    this.#work = new KeyedWork<number, KafkaRecord<K, V>>(options.concurrency ?? concurrency, {
      begin: (record, done) => this.#run(record, done, 1),
      isFirst: isAtBarrier,
    });
    host.onFlush(reason => {
      if (reason === 'commit') this.#work.hurry();
    });
  }

  protected take(record: KafkaRecord<K, V>): void {
    // A record of several tasks goes by its last, as its coordinates do; one of no delivery does not get here.
    this.#work.add(laneOf(record)?.orderSlot ?? 0, record);
  }

  #run(record: KafkaRecord<K, V>, done: () => void, attempt: number): void {
    if (endedBefore(record)) {
      done();
      return;
    }
    if (isStale(record)) {
      // Released, it is counted as stale.
      release(record);
      done();
      return;
    }
    const failed = (cause: unknown): void => this.#failed(record, cause, done, attempt);
    const finish = (given: unknown): void => {
      try {
        // An Observable to which nobody is subscribed, also out of a promise, has not even begun.
        refuseUndone(given, awaited);
      } catch (cause) {
        failed(cause);
        return;
      }
      release(record);
      done();
    };
    const signal = laneOf(record)?.signal ?? new AbortController().signal;
    let result: unknown;
    let promise: Promise<unknown> | undefined;
    try {
      result = this.#call(record, { signal });
      // A promise of somebody else's make may call back at once, twice, or both ways; ours does so once.
      if (isPromiseLike(result)) promise = Promise.resolve(result);
    } catch (cause) {
      failed(cause);
      return;
    }
    if (promise === undefined) finish(result);
    else promise.then(finish, failed).catch(cause => this.#broken(record, cause));
  }

  #failed(record: KafkaRecord<K, V>, cause: unknown, done: () => void, attempt: number): void {
    // A rejection in it is not to end the process past the policy, or while a retry is waited for.
    if (attempt === 1) disregardWithin(record.value);
    const policy = this.#onError ?? this.host.retryFor('process');
    const again = () => this.#run(record, done, attempt + 1);
    if (this.#retries.again(this.host, [record], policy, attempt, again)) return;
    this.problemWith(record[deliveriesOf], 'process', this.#error(record, cause, attempt), verdictOf(policy));
    done();
  }

  #error(record: KafkaRecord<K, V>, cause: unknown, tries = 1): KafkaRxError {
    if (isKafkaRxError(cause)) return located(cause, this.name, record, tries);
    const what = `The function of '${this.name}' failed with ${errorKind(cause)}${tried(tries)}`;
    return new KafkaRxError('PROCESS', what, {
      at: record,
      cause,
      remedy: "Mend it, or set a policy for 'process'",
    });
  }

  /** A throw behind the function's promise has nobody else to go to. */
  #broken(record: KafkaRecord<K, V>, cause: unknown): void {
    hold(record);
    this.host.fail(this.#error(record, cause));
  }
}

const awaited =
  'Return a promise, which is awaited: of several Promise.all, of an Observable firstValueFrom or lastValueFrom; or use mapAsync in place of ' +
  'app.each, which takes Observables and async iterables';

function isPromiseLike(thing: unknown): thing is PromiseLike<unknown> {
  const kind = typeof thing;
  return (
    ((kind === 'object' && thing !== null) || kind === 'function') &&
    typeof (thing as { then?: unknown }).then === 'function'
  );
}
