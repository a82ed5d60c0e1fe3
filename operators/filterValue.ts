import type { OperatorFunction } from 'rxjs';
import { operatorObservable } from '../lib/app/topology/topology-observable.js';
import { receive } from '../lib/base/receive.js';
import { keeping } from '../lib/codecs/declared.js';
import { type OperatorOptions, operatorName, processFailed } from '../lib/errors/policies/process-failed.js';
import { refuseThing } from '../lib/flow/leases/leases.js';
import { isRecord } from '../lib/record/is-record.js';
import type { KafkaRecord } from '../lib/record/record.js';
import { refuseLater } from '../lib/record/refuse-later.js';

/**
 * Lets through the records whose value passes. What does not pass is done with: its offset is committed.
 *
 * ```
 * source   --1--2--3--4--|
 * filterValue(n => n % 2 === 0)
 * result   -----2-----4--|
 * ```
 *
 * @param passes a type guard narrows the value's type; a throw is a `process` problem of this record
 * @example
 * ```ts
 * purchases$.pipe(filterValue(purchase => purchase.price > 100));
 * ```
 * @category Operators @since 0.1.0
 */
export function filterValue<K, V, U extends V>(
  passes: (value: V, record: KafkaRecord<K, V>) => value is U,
  options?: OperatorOptions,
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K, U>>;
export function filterValue<K, V>(
  passes: (value: V, record: KafkaRecord<K, V>) => boolean,
  options?: OperatorOptions,
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K, V>>;
export function filterValue<K, V>(
  passes: (value: V, record: KafkaRecord<K, V>) => boolean,
  options: OperatorOptions = {},
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K, V>> {
  const named = { name: operatorName('filterValue', passes, options), onError: options.onError };
  return source => {
    const passing = operatorObservable<KafkaRecord<K, V>>(named, [source], (subscriber, node) =>
      receive(source, subscriber, record => {
        if (!isRecord(record)) {
          refuseThing(record, node, subscriber);
          return;
        }
        let through: boolean;
        try {
          through = passes(record.value, record);
          if (typeof through !== 'boolean') refuseLater(through);
        } catch (cause) {
          processFailed(record, node, cause, options.onError, subscriber);
          return;
        }
        if (through) subscriber.next(record);
      }),
    );
    return keeping(source, passing);
  };
}
