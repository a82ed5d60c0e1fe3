import { LogReader } from '../../spec/chaos/exactly-once/log-reader.js';
import { emptySum, plus, recordHash, type TopicSum } from '../flow/topic-sum.js';

const timeoutMs = 300_000;

/**
 * Sums up these topics as a reader of committed records gets them, to their ends. Those are known by the answers only: the markers of
 * transactions have offsets too, so that offsets do not tell how many records there are.
 */
export async function readBackCommitted(
  brokers: readonly string[],
  topics: readonly string[],
): Promise<Readonly<Record<string, TopicSum>>> {
  const sums: Record<string, TopicSum> = Object.fromEntries(topics.map(topic => [topic, emptySum]));
  const reader = new LogReader(brokers, topics, 'committed');
  const until = Date.now() + timeoutMs;
  try {
    for (;;) {
      const { all, atEnds } = await reader.look();
      for (const { topic, partition, records } of all) {
        for (const { key, value } of records) {
          const hash = recordHash(partition, String(key), String(value));
          sums[topic] = plus(sums[topic] ?? emptySum, hash);
        }
      }
      // An open transaction would hold the reader before the end, and leave something uncounted: it is told as missing.
      if (atEnds) return sums;
      if (Date.now() > until) throw new Error('the outputs could not be read back');
    }
  } finally {
    await reader.close();
  }
}
