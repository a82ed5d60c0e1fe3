import { from, type ObservableInput, type OperatorFunction, type Subscription } from 'rxjs';
import { defaults } from '../lib/app/defaults.js';
import { operatorObservable } from '../lib/app/topology/topology-observable.js';
import { isRetry } from '../lib/errors/policies/policy.js';
import { type OperatorOptions, operatorName, processFailed } from '../lib/errors/policies/process-failed.js';
import { deliveriesOf } from '../lib/flow/leases/delivery.js';
import { each, emit, hold, hostOf, isStale, lease, release } from '../lib/flow/leases/leases.js';
import { WorkLanes } from '../lib/flow/leases/work-lanes.js';
import { type KafkaRecord, oneOfMany } from '../lib/record/record.js';

/** @category Operators @since 0.1.0 */
export interface MapAsyncOptions extends OperatorOptions {
  /** Calls under way at once, at least 1. Default 16. */
  readonly concurrency?: number | undefined;
  /**
   * What is kept in order: records of one key (the default; records without a key are free), of one partition, or
   * nothing. Work on the next of a kind begins when that on the one before has ended.
   */
  readonly order?: 'key' | 'partition' | 'none' | undefined;
}

/**
 * Calls an asynchronous function for each record and hands on what it gives; the record stays uncommitted meanwhile.
 *
 * ```
 * source   --a---b---------|
 * mapAsync(look up, 3 frames each)
 * result   -----A---B------|
 * ```
 *
 * Takes a promise, an Observable, an async iterable. Each value given is handed on at once, in the record's own dispatch
 * window; giving nothing drops the record; giving several makes several. Completes when the source has and all calls
 * have ended; an error of the source goes through at once. Unsubscribing ends the calls, and what they held is never
 * committed.
 *
 * @param call given value, record and a signal that is aborted when the partition goes to another member. A throw or
 *   rejection is a `process` problem; `retry(…)` calls again, in place, so that the order holds
 * @example
 * ```ts
 * purchases$.pipe(mapAsync((purchase, _record, signal) => lookUp(purchase.customerId, { signal }), { concurrency: 64 }));
 * ```
 * @category Operators @since 0.1.0
 */
export function mapAsync<K, V, U>(
  call: (value: V, record: KafkaRecord<K, V>, signal: AbortSignal) => ObservableInput<U>,
  options: MapAsyncOptions = {},
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K, U>> {
  const { concurrency = defaults.mapAsync.concurrency, order = 'key' } = options;
  if (!(concurrency >= 1))
    throw new RangeError(`mapAsync: concurrency must be at least 1, not ${concurrency}`);
  const name = operatorName('mapAsync', call, options);
  return source =>
    operatorObservable<KafkaRecord<K, U>>(name, [source], (subscriber, node) => {
      const work = new WorkLanes<unknown>(concurrency);
      const leased = new Set<KafkaRecord<K, V>>();
      let sourceCompleted = false;

      const start = (record: KafkaRecord<K, V>, done: () => void, attempt: number): void => {
        if (subscriber.closed) return;
        let finished = false;
        const finish = (): void => {
          if (finished) return;
          finished = true;
          leased.delete(record);
          release(record);
          done();
          if (sourceCompleted && work.idle) subscriber.complete();
        };
        if (isStale(record)) {
          finish();
          return;
        }
        let results: Subscription | undefined;
        const failed = (cause: unknown): void => {
          const host = hostOf(record);
          const policy = options.onError ?? host?.retryFor('process');
          if (host !== undefined && isRetry(policy) && attempt <= policy.attempts) {
            const timer = host.clock.schedule(
              () => start(record, done, attempt + 1),
              policy.delayMs(attempt),
            );
            subscriber.add(() => timer.cancel());
            return;
          }
          processFailed(record, node, cause, policy, subscriber);
          finish();
        };
        let index = 0;
        try {
          results = from(call(record.value, record, signalOf(record))).subscribe({
            next: value =>
              emit(subscriber, index++ === 0 ? record.withValue(value) : oneOfMany(record, value, index - 1)),
            error: failed,
            complete: () => {
              if (results !== undefined) subscriber.remove(results);
              finish();
            },
          });
        } catch (cause) {
          failed(cause);
          return;
        }
        if (!results.closed) subscriber.add(results);
      };

      subscriber.add(() => {
        work.clear();
        // Nobody will make anything of them: no commit passes them, and no drain waits for them.
        for (const record of leased) hold(record);
        leased.clear();
      });
      return source.subscribe({
        next(record) {
          if (!lease(record, node)) return;
          leased.add(record);
          work.add(orderKey(record, order), done => start(record, done, 1));
        },
        error: error => subscriber.error(error),
        complete() {
          sourceCompleted = true;
          if (work.idle) subscriber.complete();
        },
      });
    });
}

function orderKey(record: KafkaRecord, order: 'key' | 'partition' | 'none'): unknown {
  if (order === 'partition') return `${record.topic}/${record.partition}`;
  const { key } = record;
  // A record without a key has no order to keep: it stands for itself.
  if (order === 'none' || key === null || key === undefined) return record;
  if (Buffer.isBuffer(key)) return key.toString('latin1');
  return typeof key === 'object' ? JSON.stringify(key) : key;
}

/** The signal of the record's partition; one that is never aborted for a record that no app delivered. */
function signalOf(record: KafkaRecord): AbortSignal {
  return each(record[deliveriesOf])[0]?.lane.signal ?? new AbortController().signal;
}
