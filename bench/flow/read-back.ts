import type { Kafka } from 'kafkajs';
import type { Expected } from './flow-input.js';
import { emptySum, plus, recordHash, type TopicSum } from './topic-sum.js';

const timeoutMs = 300_000;

/**
 * Reads these topics from their beginnings to their ends and sums up what is there. With stock kafkajs: not with code that
 * wrote any of it.
 */
async function readBack(
  kafka: Kafka,
  topics: readonly string[],
): Promise<Readonly<Record<string, TopicSum>>> {
  const admin = kafka.admin();
  await admin.connect();
  let left = 0;
  for (const topic of topics)
    for (const { low, high } of await admin.fetchTopicOffsets(topic)) left += Number(high) - Number(low);
  await admin.disconnect();

  const sums: Record<string, TopicSum> = Object.fromEntries(topics.map(topic => [topic, emptySum]));
  if (left === 0) return sums;
  const consumer = kafka.consumer({
    groupId: `read-back-${Date.now()}`,
    allowAutoTopicCreation: false,
    maxBytesPerPartition: 4 * 1024 * 1024,
    maxBytes: 32 * 1024 * 1024,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  try {
    await new Promise<void>((resolve, reject) => {
      setTimeout(() => reject(new Error(`${left} records could not be read back`)), timeoutMs).unref();
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      void consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch: { topic, partition, messages } }) => {
          for (const { key, value } of messages) {
            const hash = recordHash(partition, String(key), String(value));
            sums[topic] = plus(sums[topic] ?? emptySum, hash);
          }
          left -= messages.length;
          if (left <= 0) resolve();
        },
      });
    });
  } finally {
    await consumer.disconnect();
  }
  return sums;
}

/** @throws naming the topic whose records are not what the input makes, partition, key and value */
export async function requireOutputs(kafka: Kafka, who: string, expected: Expected): Promise<void> {
  requireSums(await readBack(kafka, Object.keys(expected)), who, expected);
}

/** @throws as {@link requireOutputs}, of what was found by whatever reader */
export function requireSums(
  found: Readonly<Record<string, TopicSum>>,
  who: string,
  expected: Expected,
): void {
  for (const [topic, { records, sum }] of Object.entries(expected)) {
    const there = found[topic] ?? emptySum;
    if (there.records !== records)
      throw new Error(`${who} wrote ${there.records} records to ${topic}, not ${records}`);
    if (there.sum !== sum)
      throw new Error(`${who} wrote ${records} records to ${topic}, but not those that the input makes`);
  }
}
