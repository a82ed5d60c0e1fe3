import { readToEnds } from '../../spec/chaos/exactly-once/read-to-ends.js';
import { emptySum, plus, recordHash, type TopicSum } from '../flow/topic-sum.js';

const timeoutMs = 300_000;

/** Sums up these topics as a reader of committed records gets them, to their ends. What an open transaction holds back is told as missing. */
export async function readBackCommitted(
  brokers: readonly string[],
  topics: readonly string[],
): Promise<Readonly<Record<string, TopicSum>>> {
  const sums: Record<string, TopicSum> = Object.fromEntries(topics.map(topic => [topic, emptySum]));
  await readToEnds(
    { brokers, topics, isolation: 'committed', withinMs: timeoutMs },
    ({ topic, partition, records }) => {
      for (const { key, value } of records) {
        const hash = recordHash(partition, String(key), String(value));
        sums[topic] = plus(sums[topic] ?? emptySum, hash);
      }
    },
  );
  return sums;
}
