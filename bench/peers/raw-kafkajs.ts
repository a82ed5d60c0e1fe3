/** kafkajs with no library in between: eachBatch and sendBatch, all partitions at once, one send for each fetched batch. */
import { CompressionTypes, Kafka, logLevel, Partitioners } from 'kafkajs';
import { outputsOf } from './by-hand.js';
import { Commits } from './commits.js';
import { Meter } from './meter.js';
import { readPlan } from './plan.js';

interface Message {
  readonly key: string;
  readonly value: string;
}

const plan = readPlan();
const meter = new Meter(plan);
const kafka = new Kafka({ clientId: 'raw-kafkajs', brokers: [...plan.brokers], logLevel: logLevel.ERROR });
const producer = kafka.producer({
  createPartitioner: Partitioners.DefaultPartitioner,
  allowAutoTopicCreation: false,
});
const consumer = kafka.consumer({
  groupId: plan.group,
  allowAutoTopicCreation: false,
  maxBytesPerPartition: 1024 * 1024,
  maxBytes: 10 * 1024 * 1024,
  maxWaitTimeInMs: 500,
});
const commits = new Commits(plan, meter, offsets =>
  consumer.commitOffsets(
    Array.from(offsets, ([partition, offset]) => ({ topic: plan.input, partition, offset: String(offset) })),
  ),
);

await Promise.all([producer.connect(), consumer.connect()]);
await consumer.subscribe({ topics: [plan.input], fromBeginning: true });
await consumer.run({
  autoCommit: false,
  eachBatchAutoResolve: false,
  partitionsConsumedConcurrently: 4,
  eachBatch: async ({ batch, resolveOffset }) => {
    const patterns: Message[] = [];
    const rewards: Message[] = [];
    const purchases: Message[] = [];
    for (const { value } of batch.messages) {
      if (value === null) continue;
      const { zipCode, customerId, pattern, reward, purchase } = outputsOf(value);
      patterns.push({ key: zipCode, value: pattern });
      rewards.push({ key: customerId, value: reward });
      purchases.push({ key: customerId, value: purchase });
    }
    await producer.sendBatch({
      acks: -1,
      compression: CompressionTypes.None,
      topicMessages: [
        { topic: 'patterns', messages: patterns },
        { topic: 'rewards', messages: rewards },
        { topic: 'purchases', messages: purchases },
      ],
    });
    resolveOffset(batch.lastOffset());
    commits.settled(batch.partition, Number(batch.lastOffset()) + 1, batch.messages.length);
  },
});
await commits.allDone;
meter.report();
await Promise.all([consumer.disconnect(), producer.disconnect()]);
