import { Buffer } from 'node:buffer';
import { kind, required } from '../base/option-kinds.js';
import { checkArgument } from '../base/option-schema.js';
import { deliveriesOf } from '../flow/leases/delivery.js';
import type { KafkaRecord, RecordParts } from '../record/record.js';

/** What of a record can be compared: everything but its delivery. */
export type PlainRecord<K = unknown, V = unknown> = RecordParts<K, V> & { readonly ordinal: string };

const recordKind = required(
  kind('a record', value => typeof value === 'object' && value !== null && isRecord(value)),
);

/** The plain form of a record: jest's `toEqual` is blind to private fields and would compare deliveries. */
export function plainRecord<K, V>(record: KafkaRecord<K, V>): PlainRecord<K, V> {
  checkArgument('plainRecord', 'the record', recordKind, record);
  const { key, value, headers, timestamp, topic, partition, offset, ordinal } = record;
  return { key, value, headers, timestamp, topic, partition, offset, ordinal };
}

/** Replaces every record inside a value by its plain form. */
export function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  if (isRecord(value)) return plainRecord(value);
  if (Array.isArray(value)) return value.map(plain);
  // A Date, a Map, an Error, a matcher: their entries are not what they are compared by.
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

function isRecord(value: object): value is KafkaRecord {
  return deliveriesOf in value;
}
