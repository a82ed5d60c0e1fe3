import { setTimeout as delay } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { StockQueries } from '../../lib/drivers/kafkajs/stock/stock-queries.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { missingPrerequisites } from '../kafka/provision.js';

const missing = missingPrerequisites();
const onKafka = missing === undefined ? describe : describe.skip;

onKafka('what the stock path asks a cluster', () => {
  let cluster: KafkaCluster;
  beforeAll(async () => {
    cluster = await startCluster({});
  }, 120_000);
  afterAll(() => cluster.stop(), 60_000);

  test('the offsets of a topic, also once another one that was asked about is gone', async () => {
    const kafka = new Kafka({
      brokers: [...cluster.brokers],
      logLevel: logLevel.NOTHING,
      retry: { retries: 4 },
    });
    const admin = kafka.admin();
    await admin.connect();
    const made: string[] = [];
    const queries = new StockQueries(admin, () => {
      made.push('one');
      return kafka.admin();
    });
    try {
      await admin.createTopics({ topics: ['stays', 'goes'].map(topic => ({ topic, numPartitions: 2 })) });
      expect(await queries.offsets('goes', 'latest')).toEqual([0, 0]);
      expect(await queries.offsets('stays', 'earliest')).toEqual([0, 0]);
      const nothing = { offset: -1, metadata: '' };
      const committed = () => queries.committed('group', 'goes').catch(() => undefined);
      // The group's coordinator is being found for the first time.
      let first = await committed();
      for (let i = 0; i < 50 && first === undefined; i++) {
        await delay(200);
        first = await committed();
      }
      expect(first).toEqual([nothing, nothing]);
      await admin.deleteTopics({ topics: ['goes'] });
      // As a rebalance does, several at once.
      const asked = await Promise.all([
        queries.offsets('stays', 'earliest'),
        queries.offsets('stays', 'latest'),
        queries.offsets('stays', { timestamp: 0 }),
        queries.committed('group', 'stays'),
      ]);
      expect(asked).toEqual([
        [0, 0],
        [0, 0],
        [0, 0],
        [nothing, nothing],
      ]);
      await expect(queries.offsets('goes', 'latest')).rejects.toThrow(/does not host this topic/);
      expect(await queries.offsets('stays', 'latest')).toEqual([0, 0]);
      expect(made.length).toBeGreaterThan(1);
    } finally {
      await queries.close();
      await admin.disconnect();
    }
  }, 60_000);
});
