import { isUint8Array } from 'node:util/types';
import {
  from,
  map,
  type Observable,
  type OperatorFunction,
  observable,
  of,
  Subject,
  type Subscription,
  takeUntil,
} from 'rxjs';
import { defaults } from '../lib/app/defaults.js';
import { awaitingObservable } from '../lib/app/topology/topology-observable.js';
import { disregard, disregardWithin } from '../lib/base/disregard.js';
import { oneOf, whole } from '../lib/base/option-kinds.js';
import type { Fields } from '../lib/base/option-schema.js';
import { receive } from '../lib/base/receive.js';
import { trueCopy } from '../lib/base/true-bytes.js';
import { errorKind, KafkaRxError } from '../lib/errors/errors.js';
import { type Policy, policyKind } from '../lib/errors/policies/policy.js';
import {
  type OperatorOptions,
  operatorName,
  operatorOptions,
  processFailed,
} from '../lib/errors/policies/process-failed.js';
import { KeyedWork } from '../lib/flow/leases/keyed-work.js';
import {
  emit,
  endedBefore,
  giveUp,
  hostOf,
  isAtBarrier,
  isStale,
  laneOf,
  lease,
  release,
} from '../lib/flow/leases/leases.js';
import { Retries } from '../lib/flow/leases/retries.js';
import { type KafkaRecord, oneOfMany } from '../lib/record/record.js';
import { refuseUndone } from '../lib/record/refuse-undone.js';
import { tooManyParts } from '../lib/record/too-many-parts.js';

/** @category Operators @since 0.1.0 */
export interface MapAsyncOptions extends Omit<OperatorOptions, 'onError'> {
  /** What becomes of a record whose call throws or rejects, or whose stream errors. Default: the app's policy for `process`. */
  readonly onError?: Policy | undefined;
  /** Calls under way at once, at least 1. Default 16. */
  readonly concurrency?: number | undefined;
  /**
   * What is kept in order: records of one key (the default; records without a key are free), of one partition (where topics are
   * co-partitioned, of those of one number), or nothing. Work on the next of a kind begins when that on the one before has ended.
   */
  readonly order?: 'key' | 'partition' | 'none' | undefined;
  /**
   * Values that one call may give, at most; at least 1. Of more, those before have gone out, and the record is a `process`
   * problem. Default 1,000,000.
   */
  readonly maxParts?: number | undefined;
}

export const mapAsyncOptions: Fields<MapAsyncOptions> = {
  ...operatorOptions,
  onError: policyKind,
  concurrency: whole(1, { endless: true }),
  order: oneOf('key', 'partition', 'none'),
  maxParts: whole(1, { endless: true }),
};

/**
 * What the function of `mapAsync` gives: the value itself, or what gives values later. Text, arrays, Maps and all that is
 * not told apart here are values.
 *
 * @category Operators @since 0.1.0
 */
export type AsyncResult<U> =
  | (U & NonNullable<unknown>)
  | (U & null)
  | PromiseLike<U>
  | Observable<U>
  | AsyncIterable<U>;

/**
 * Calls an asynchronous function for each record and hands on what it gives; the record stays uncommitted meanwhile.
 *
 * ```
 * source   --a---b---------|
 * mapAsync(look up, 3 frames each)
 * result   -----A---B------|
 * ```
 *
 * - A promise makes one record of what it resolves to.
 * - An Observable or an async iterable makes one record of each value, handed on at once, in the record's own dispatch
 *   window; those behind the first are told apart by ordinals (`.1`, `.2`, …). Giving none drops the record; more than
 *   `maxParts` are a `process` problem. Those before an error have gone out already: a `retry(…)` subscribes anew and hands them
 *   on again, as rxjs's `retry` does, and a policy that skips the record does not take them back. Where it must be all or none
 *   give a promise of an array, and `flatMapValue` behind it takes that apart.
 * - Anything else is a value and makes one record, in the same turn: what a cache had, text also when it is empty, a whole
 *   array or Map (`flatMapValue` takes these apart), null. `undefined` is a `process` problem: that is what a function
 *   gives that forgot to return its promise. So is work that nobody would begin or await, also where a promise comes to it: a function
 *   (`() => Promise`), an iterator or generator, and a list, Set or Map of promises or of these.
 *
 * Completes when the source has and all calls have ended; an error of the source goes through at once. Unsubscribing ends
 * the calls, and what they held is never committed, unless a sink that may end ended them. After a failure of the app no
 * call begins any more.
 *
 * @param call given value, record and a signal that is aborted when the partition goes to another member. A throw or
 *   rejection is a `process` problem; `retry(…)` calls again, in place, so that the order holds; see above for a stream. With `order: 'key'` a key
 *   that cannot be told from others, such as a circular one, is a `process` problem too
 * @example
 * ```ts
 * purchases$.pipe(mapAsync((purchase, _record, signal) => lookUp(purchase.customerId, { signal }), { concurrency: 64 }));
 * ```
 * @category Operators @since 0.1.0
 */
export function mapAsync<K, V, U>(
  call: (value: V, record: KafkaRecord<K, V>, signal: AbortSignal) => AsyncResult<U>,
  options: MapAsyncOptions = {},
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K, U>> {
  const name = operatorName('mapAsync', call, options, mapAsyncOptions, defaults.mapAsync);
  const named = { name, onError: options.onError };
  const {
    concurrency = defaults.mapAsync.concurrency,
    order = defaults.mapAsync.order,
    maxParts = defaults.mapAsync.maxParts,
  } = options;
  return source =>
    awaitingObservable<KafkaRecord<K, U>>(named, [source], (subscriber, node) => {
      const work = new KeyedWork<unknown, Call<K, V>>(concurrency, {
        begin: (one, done) => {
          one.done = done;
          start(one, 1);
        },
        isFirst: ({ record }) => isAtBarrier(record),
        // Under exactly once: a task that has much waiting here keeps no other from its barrier.
        partyOf: ({ record }) => laneOf(record)?.outputSlot ?? 0,
      });
      const retries = new Retries();
      const calls = new Set<Call<K, V>>();
      const gone = new Subject<void>();
      let sourceCompleted = false;
      let leaveHost: (() => void) | undefined;

      const finish = (one: Call<K, V>): void => {
        if (!calls.delete(one)) return;
        release(one.record);
        one.done();
        if (sourceCompleted && work.idle) subscriber.complete();
      };
      const failed = (one: Call<K, V>, attempt: number, cause: unknown): void => {
        if (!calls.has(one)) return;
        const { record } = one;
        const host = hostOf(record);
        // Before a retry is waited for: a rejection in it would have ended the process by then.
        if (attempt === 1) disregardWithin(record.value);
        const policy = options.onError ?? host?.retryFor('process');
        const again = () => start(one, attempt + 1);
        if (host !== undefined && retries.again(host, [record], policy, attempt, again)) return;
        processFailed(record, node, cause, policy, subscriber, attempt);
        finish(one);
      };
      const handOn = (one: Call<K, V>, made: KafkaRecord<K, U>): void => {
        if (subscriber.closed) return;
        one.handingOn = true;
        emit(subscriber, made);
        one.handingOn = false;
        // What it handed on has ended all this: then nothing else of it is asked for.
        if (subscriber.closed) finish(one);
      };
      const start = (one: Call<K, V>, attempt: number): void => {
        const { record } = one;
        if (endedBefore(record) || isStale(record)) {
          finish(one);
          return;
        }
        let results: Subscription | undefined;
        try {
          const given = call(record.value, record, signalOf(record));
          if (subscriber.closed) {
            disregard(given);
            return;
          }
          results = resultsOf(given, gone)
            .pipe(
              map((value, index) => {
                if (index === maxParts) throw tooManyParts(maxParts);
                refuseUndone(value, awaited);
                return index === 0 ? record.withValue(value) : oneOfMany(record, value, index);
              }),
            )
            .subscribe({
              next: made => handOn(one, made),
              error: cause => failed(one, attempt, cause),
              complete: () => finish(one),
            });
        } catch (cause) {
          failed(one, attempt, cause);
          return;
        }
        subscriber.add(results);
      };

      subscriber.add(() => {
        leaveHost?.();
        work.clear();
        retries.cancel();
        for (const one of calls) {
          if (one.handingOn) continue;
          calls.delete(one);
          giveUp(one.record);
        }
        // What emits inside its subscribe has no subscription yet that could be ended.
        gone.next();
      });
      receive(
        source,
        subscriber,
        record => {
          if (!lease(record, node, subscriber)) return;
          leaveHost ??= hostOf(record)?.onFlush(reason => {
            if (reason === 'commit') work.hurry();
          });
          const one: Call<K, V> = { record, handingOn: false, done: () => {} };
          try {
            const key = orderKey(record, order);
            calls.add(one);
            work.add(key, one);
          } catch (cause) {
            calls.delete(one);
            processFailed(record, node, cause, options.onError, subscriber);
            release(record);
          }
        },
        () => {
          sourceCompleted = true;
          if (work.idle) subscriber.complete();
        },
      );
    });
}

const awaited =
  'Await it in the function and give back what it comes to: of promises await Promise.all(…), of an Observable await lastValueFrom(…); or give ' +
  'back the Observable or async iterable itself, and not a promise of it';

/** A record that was taken, until all is done that its call asks for. */
interface Call<K, V> {
  readonly record: KafkaRecord<K, V>;
  /** What it gave is being handed on: should all this end meanwhile, it ends well. */
  handingOn: boolean;
  done: () => void;
}

/** Told apart by what they are, not by what could be iterated: text and arrays are values. */
function resultsOf<U>(given: AsyncResult<U>, gone: Observable<void>): Observable<U> {
  if (given === undefined) {
    throw new KafkaRxError('PROCESS', 'The function gave undefined', {
      remedy: 'Return its promise or Observable; a value that is missing is null',
    });
  }
  const kind = typeof given;
  if ((kind === 'object' && given !== null) || kind === 'function') {
    const { then } = given as { then?: unknown };
    // A promise of somebody else's make may call back twice; ours does so once.
    if (typeof then === 'function') return from(Promise.resolve(given as PromiseLike<U>));
    if (observable in (given as object) || Symbol.asyncIterator in (given as object)) {
      return from(given as Observable<U> | AsyncIterable<U>).pipe(takeUntil(gone));
    }
  }
  // What is none of these is the value itself.
  return of(given as U);
}

/** Equal for records that must stay in order. */
function orderKey(record: KafkaRecord, order: 'key' | 'partition' | 'none'): unknown {
  if (order === 'partition') return laneOf(record)?.orderSlot ?? record.partition;
  const { key } = record;
  // A record without a key has no order to keep: it stands for itself.
  if (order === 'none' || key === null || key === undefined) return record;
  if (isUint8Array(key)) return trueCopy(key).toString('latin1');
  if (typeof key !== 'object') return key;
  try {
    return JSON.stringify(key, (_name, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner));
  } catch (cause) {
    throw new KafkaRxError('PROCESS', `The key is an object that cannot be compared (${errorKind(cause)})`, {
      at: record,
      cause,
      remedy: "Make it text or numbers with mapKey before, or set order: 'partition'",
    });
  }
}

/** The signal of the record's partition; one that is never aborted for a record that no app delivered. */
function signalOf(record: KafkaRecord): AbortSignal {
  return laneOf(record)?.signal ?? new AbortController().signal;
}
