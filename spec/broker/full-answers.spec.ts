/** Fetches whose answers have room for one partition at a time: what an answer leaves out is not at its end (KIP-74). */
import { kafkajs } from 'kafka-rx/kafkajs';
import { Kafka, logLevel } from 'kafkajs';
import type { DriverConnection } from '../../lib/drivers/port.js';
import { PortCalls } from '../contract/contract-client.js';
import { RecordingListener } from '../contract/recording-listener.js';
import { quietContext } from '../drivers/quiet-context.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { missingPrerequisites } from '../kafka/provision.js';
import { until } from './until.js';

const partitions = [0, 1, 2, 3];
const batches = 10;
const records = 50;
const value = Buffer.alloc(1_000);

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`Full answers are not tested. ${missing}\n`);

(missing === undefined ? describe : describe.skip)('an answer that has room for one partition', () => {
  let cluster: KafkaCluster;
  let connection: DriverConnection;

  beforeAll(async () => {
    cluster = await startCluster({ properties: { 'group.initial.rebalance.delay.ms': '0' } });
    const driver = kafkajs({ brokers: cluster.brokers, maxBytes: 1, maxBytesPerPartition: 1 });
    const context = quietContext('c');
    connection = await driver.connect(context);
  }, 120_000);

  afterAll(async () => {
    await connection?.close();
    await cluster?.stop();
  }, 60_000);

  test('says of the others nothing: the end of each is told once, behind its last record', async () => {
    const topic = 'backlog';
    await connection.admin.createTopics([{ name: topic, partitions: partitions.length }]);
    const kafka = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING });
    const producer = kafka.producer();
    await producer.connect();
    for (let i = 0; i < batches; i++) {
      const messages = partitions.flatMap(partition =>
        Array.from({ length: records }, () => ({ partition, value })),
      );
      await producer.send({ topic, messages });
    }
    await producer.disconnect();
    // kafkajs sends all of a request again where the broker did not know one of its partitions yet.
    const written = await endsOf(kafka, topic);
    const seen = new RecordingListener(new PortCalls(), () => true, true);
    const options = { startFrom: 'earliest', coPartitioned: [], readCommitted: true } as const;
    const timeouts = { sessionTimeoutMs: 20_000, rebalanceTimeoutMs: 5_000 };
    const consumer = connection.consumer({ groupId: 'g', topics: [topic], ...options, ...timeouts }, seen);
    await consumer.start();
    const total = written.reduce((sum, [, end]) => sum + end, 0);
    expect(total).toBeGreaterThanOrEqual(partitions.length * batches * records);
    await until('all of it', () => seen.records.length === total);
    await until('the ends', () => seen.ends.length >= partitions.length);
    const ends = seen.ends.map(({ partition, position }) => [partition, position]);
    expect(ends.sort()).toEqual(written);
    // Each answer had one batch of one partition.
    expect(seen.batches.every(({ count }) => count <= records)).toBe(true);
    expect(seen.breaches).toEqual([]);
  }, 60_000);
});

/** Partitions and where their logs end, in order. */
async function endsOf(kafka: Kafka, topic: string): Promise<[number, number][]> {
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  return offsets.map(({ partition, high }): [number, number] => [partition, Number(high)]).sort();
}
