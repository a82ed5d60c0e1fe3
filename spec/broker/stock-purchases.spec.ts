/** The main job on the stock path of the kafkajs driver, against a real Kafka. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, memoryMetrics } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { lmdb } from 'kafka-rx/lmdb';
import { cdnowPurchases, cdnowRecords } from '../../demos/purchases/cdnow.js';
import { createMissingTopics, publish, withConnection } from '../../demos/purchases/cluster.js';
import { historyOptions, purchases, topics } from '../../demos/purchases/topology.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { consoleConsumer, consumerGroupDescribe } from '../kafka/tools.js';

let cluster: KafkaCluster;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kafka-rx-stock-'));
  cluster = await startCluster();
});

afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

test('every purchase becomes one masked record in each topic and one document, and is committed', async () => {
  const driver = kafkajs({ brokers: cluster.brokers, path: 'stock' });
  await withConnection(driver, async connection => {
    await createMissingTopics(connection, topics);
    const { signal } = new AbortController();
    expect(await publish(connection, 'transactions', cdnowRecords(), signal)).toBe(cdnowPurchases);
  });
  const metrics = memoryMetrics();
  const app = createApp({ groupId: 'stock', driver, metrics, commit: { intervalMs: 100 } });
  const history = lmdb('history', { ...historyOptions, directory: folder });
  purchases(app, history);
  const running = app.run();
  const until = Date.now() + 90_000;
  while (metrics.value('kafka_rx_documents_stored_total') < cdnowPurchases) {
    if (Date.now() > until) throw new Error('not done within 90 s');
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  await app.stop();
  await running;

  await withConnection(driver, async ({ admin }) => {
    for (const topic of ['patterns', 'rewards', 'purchases']) {
      const ends = await admin.offsets(topic, 'latest');
      expect([topic, ends.reduce((sum, end) => sum + end)]).toEqual([topic, cdnowPurchases]);
    }
  });
  const read = await consoleConsumer({
    brokers: cluster.brokers,
    topic: 'purchases',
    maxMessages: cdnowPurchases,
    timeoutMs: 20_000,
  });
  for (const { key, value } of read) {
    const purchase = JSON.parse(value ?? '');
    expect([purchase.customerId, purchase.cardNumber]).toEqual([key, expect.stringMatching(/^[^\d]*\d{4}$/)]);
  }
  const reader = lmdb('history', { ...historyOptions, directory: folder, readOnly: true });
  await reader.open();
  expect(await reader.count()).toBe(cdnowPurchases);
  await reader.close();
  const rows = await consumerGroupDescribe(cluster.brokers, 'stock');
  expect(rows).toHaveLength(4);
  expect(rows.map(({ lag }) => lag)).toEqual([0, 0, 0, 0]);
}, 180_000);
