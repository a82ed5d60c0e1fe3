import type { OperatorFunction } from 'rxjs';
import { keeping } from '../lib/codecs/declared.js';
import { type OperatorOptions, operatorName } from '../lib/errors/policies/process-failed.js';
import type { NotLater } from '../lib/record/not-later.js';
import type { KafkaRecord } from '../lib/record/record.js';
import { mapRecord } from './mapRecord.js';

/**
 * Replaces each record's key. The partition it came from stays what it was; a sink partitions by the new key.
 *
 * ```
 * source   --(a:1)--(a:2)--(b:3)--|      (key:value)
 * mapKey((_key, { value }) => `k${value}`)
 * result   --(k1:1)-(k2:2)-(k3:3)-|
 * ```
 *
 * @param change given the key and its record; a throw is a `process` problem of this record: the policy decides
 * @example
 * ```ts
 * orders$.pipe(mapKey((_key, record) => record.value.customerId));
 * ```
 * @category Operators @since 0.1.0
 */
export function mapKey<K, V, L>(
  change: ((key: K, record: KafkaRecord<K, V>) => L) & NotLater<L>,
  options: OperatorOptions = {},
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<L, V>> {
  const mapping = mapRecord((record: KafkaRecord<K, V>) => record.withKey(change(record.key, record)), {
    ...options,
    name: operatorName('mapKey', change, options),
  });
  return source => keeping(source, mapping(source));
}
