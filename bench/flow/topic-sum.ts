import { crc32 } from 'node:zlib';

/** What a topic holds, told apart by count and by a sum that does not ask for the order. */
export interface TopicSum {
  readonly records: number;
  /** Sum of the CRC-32 of each record's partition, key and value, modulo 2^52. */
  readonly sum: number;
}

export const emptySum: TopicSum = { records: 0, sum: 0 };

const modulus = 2 ** 52;

/** `{"a":1.0,"b":2}` and `{"b":2,"a":1}` are one value: clients print numbers and order fields as they like. */
export function recordHash(partition: number, key: string, value: string): number {
  const parsed: unknown = JSON.parse(value);
  const fields = Object.entries(parsed ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return crc32(JSON.stringify([partition, key, fields]));
}

export function plus({ records, sum }: TopicSum, hash: number): TopicSum {
  return { records: records + 1, sum: (sum + hash) % modulus };
}
