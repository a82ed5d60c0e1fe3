import { noHeaders } from '../record/headers.js';
import { type KafkaRecord, type RecordParts, sourceRecord } from '../record/record.js';

/**
 * A record made by a test: partition 0, offset 0, timestamp 0, no headers, unless told. It carries no delivery; `deliver`
 * gives it one.
 *
 * @category Testing @since 0.1.0
 */
export function testRecord<V, K = null>(
  parts: { readonly value: V; readonly key?: K } & Partial<Omit<RecordParts<K, V>, 'key' | 'value'>>,
): KafkaRecord<K, V> {
  return sourceRecord<K, V>({
    topic: 'test',
    partition: 0,
    offset: 0,
    timestamp: 0,
    headers: noHeaders,
    ...parts,
    // Left out, K is its default, null: the type parameter says so.
    key: (parts.key ?? null) as K,
  });
}
