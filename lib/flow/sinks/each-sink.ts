import type { Place } from '../../app/topology/topology-observable.js';
import { errorKind, isKafkaRxError, KafkaRxError } from '../../errors/errors.js';
import { isRetry, type Policy, verdictOf } from '../../errors/policies/policy.js';
import type { KafkaRecord } from '../../record/record.js';
import { deliveriesOf } from '../leases/delivery.js';
import { each, isStale, release } from '../leases/leases.js';
import { WorkLanes } from '../leases/work-lanes.js';
import { Sink, type SinkHost, type SinkOptions } from './sink.js';

/** @category Sinks @since 0.1.0 */
export interface EachSinkOptions extends SinkOptions {
  /** Calls under way at once, over all partitions. One partition's records are handed over one at a time. Default 16. */
  readonly concurrency?: number | undefined;
  /** What becomes of a record whose call throws or rejects. Default: the app's policy for `process`. */
  readonly onError?: Policy | undefined;
}

/** What `app.each` calls; the signal is aborted when the partition goes to another member. */
export type EachFunction<K, V> = (
  record: KafkaRecord<K, V>,
  context: { readonly signal: AbortSignal },
) => unknown;

/** Calls a function for each record. The lease lasts until the function has returned and its promise, if any, settled. */
export class EachSink<K, V> extends Sink<K, V> {
  readonly #call: EachFunction<K, V>;
  readonly #onError: Policy | undefined;
  readonly #work: WorkLanes<string>;

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
    this.#work = new WorkLanes(options.concurrency ?? concurrency);
  }

  protected take(record: KafkaRecord<K, V>): void {
    this.#work.add(`${record.topic}/${record.partition}`, done => this.#run(record, done, 1));
  }

  #run(record: KafkaRecord<K, V>, done: () => void, attempt: number): void {
    if (isStale(record)) {
      this.host.dropped('stale-epoch', 1);
      done();
      return;
    }
    const finish = (): void => {
      release(record);
      done();
    };
    const failed = (cause: unknown): void => this.#failed(record, cause, done, attempt);
    // The first delivery's: all of a record's deliveries are in one process and mostly of one partition.
    const signal = each(record[deliveriesOf])[0]?.lane.signal ?? new AbortController().signal;
    try {
      const result = this.#call(record, { signal });
      if (isPromiseLike(result)) result.then(finish, failed);
      else finish();
    } catch (cause) {
      failed(cause);
    }
  }

  #failed(record: KafkaRecord<K, V>, cause: unknown, done: () => void, attempt: number): void {
    const policy = this.#onError ?? this.host.retryFor('process');
    if (isRetry(policy) && attempt <= policy.attempts && this.host.live) {
      this.host.clock.schedule(() => this.#run(record, done, attempt + 1), policy.delayMs(attempt));
      return;
    }
    const error = isKafkaRxError(cause)
      ? cause
      : new KafkaRxError('PROCESS', `The function of '${this.name}' failed with ${errorKind(cause)}`, {
          at: record,
          cause,
          remedy: "Mend it, or set a policy for 'process'",
        });
    this.problemWith(record[deliveriesOf], 'process', error, verdictOf(policy));
    done();
  }
}

function isPromiseLike(thing: unknown): thing is PromiseLike<unknown> {
  return (
    typeof thing === 'object' && thing !== null && typeof (thing as { then?: unknown }).then === 'function'
  );
}
