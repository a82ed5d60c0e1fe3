import { anything, required, shape, whole } from '../base/option-kinds.js';
import { checkArgument, type Fields } from '../base/option-schema.js';
import { topicNameKind } from '../base/topic-name.js';
import { noHeaders } from '../record/headers.js';
import { type KafkaRecord, type RecordParts, sourceRecord } from '../record/record.js';
import { headersKind, timestampKind } from '../record/record-kinds.js';

export const partKinds: Fields<RecordParts<unknown, unknown>> = {
  key: anything,
  value: anything,
  headers: headersKind,
  timestamp: timestampKind,
  topic: topicNameKind,
  partition: whole(0),
  offset: whole(0),
};

/**
 * A record made by a test: partition 0, offset 0, timestamp 0, no headers, unless told. It carries no delivery; `deliver`
 * gives it one.
 *
 * @category Testing @since 0.1.0
 */
export function testRecord<V, K = null>(
  parts: { readonly value: V; readonly key?: K } & Partial<Omit<RecordParts<K, V>, 'key' | 'value'>>,
): KafkaRecord<K, V> {
  checkArgument('testRecord', 'the parts', required(shape(partKinds)), parts);
  const { topic = 'test', partition = 0, offset = 0, timestamp = 0, headers = noHeaders, value } = parts;
  // Left out, K is its default, null: the type parameter says so.
  const key = (parts.key ?? null) as K;
  return sourceRecord<K, V>({ topic, partition, offset, timestamp, headers, key, value });
}
