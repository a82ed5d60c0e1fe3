import type { OperatorFunction } from 'rxjs';
import { type OperatorOptions, operatorName } from '../lib/errors/policies/process-failed.js';
import type { NotLater } from '../lib/record/not-later.js';
import type { KafkaRecord } from '../lib/record/record.js';
import { mapRecord } from './mapRecord.js';

/**
 * Replaces each record's value; key, headers, timestamp and coordinates stay.
 *
 * ```
 * source   --1----2----3--|
 * mapValue(n => n * 10)
 * result   --10---20---30-|
 * ```
 *
 * @param change given the value and its record; a throw is a `process` problem of this record: the policy decides
 * @example
 * ```ts
 * prices$.pipe(mapValue(price => price.amount * 1.19));
 * ```
 * @category Operators @since 0.1.0
 */
export function mapValue<K, V, U>(
  change: ((value: V, record: KafkaRecord<K, V>) => U) & NotLater<U>,
  options: OperatorOptions = {},
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K, U>> {
  return mapRecord((record: KafkaRecord<K, V>) => record.withValue(change(record.value, record)), {
    ...options,
    name: operatorName('mapValue', change, options),
  });
}
