import { cdnowRecords } from '../../demos/purchases/cdnow.js';
import { publish, withConnection } from '../../demos/purchases/cluster.js';
import type { InputRecord } from '../../demos/purchases/input.js';
import { kafkajs } from '../../lib/drivers/kafkajs/index.js';
import { partitionForKey } from '../../lib/flow/sinks/partitioner.js';
import { outputsOf } from '../peers/by-hand.js';
import { emptySum, plus, recordHash, type TopicSum } from './topic-sum.js';

/** What each output topic must hold in the end. */
export type Expected = Readonly<Record<string, TopicSum>>;

/**
 * Publishes CDNOW's purchases (about 230 bytes of JSON each), over and over until there are `count`.
 *
 * @param partitions of the output topics
 */
export async function loadInput(
  brokers: readonly string[],
  topic: string,
  count: number,
  partitions: number,
): Promise<Expected> {
  const records: InputRecord[] = [];
  for await (const record of cdnowRecords()) records.push(record);
  const published = await withConnection(kafkajs({ brokers }), connection =>
    publish(connection, topic, repeated(records, count), new AbortController().signal),
  );
  if (published !== count) throw new Error(`${published} of ${count} purchases were published`);
  return expectedOf(records, count, partitions);
}

/** A generator and no array: a million purchases in memory would slow down nobody but this process, and yet. */
async function* repeated(records: readonly InputRecord[], count: number): AsyncGenerator<InputRecord> {
  for (let i = 0; i < count; i++) {
    const record = records[i % records.length];
    if (record !== undefined) yield record;
  }
}

function expectedOf(records: readonly InputRecord[], count: number, partitions: number): Expected {
  const sums: Record<string, TopicSum> = {};
  const add = (topic: string, key: string, value: string, times: number): void => {
    const hash = recordHash(partitionForKey(Buffer.from(key), partitions), key, value);
    for (let i = 0; i < times; i++) sums[topic] = plus(sums[topic] ?? emptySum, hash);
  };
  for (const [i, { value }] of records.entries()) {
    const times = Math.floor(count / records.length) + (i < count % records.length ? 1 : 0);
    const { zipCode, customerId, pattern, reward, purchase } = outputsOf(value);
    add('patterns', zipCode, pattern, times);
    add('rewards', customerId, reward, times);
    add('purchases', customerId, purchase, times);
  }
  return sums;
}
