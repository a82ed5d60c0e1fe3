/** What exactly once needs of a real Kafka: where it is not there, nothing is promised, and this shows why. */
import { createApp, string } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import type { DriverConnection } from '../../lib/drivers/port.js';
import { noHeaders } from '../../lib/record/headers.js';
import { PortCalls } from '../contract/contract-client.js';
import { RecordingListener } from '../contract/recording-listener.js';
import { quietContext } from '../drivers/quiet-context.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { missingPrerequisites } from '../kafka/provision.js';
import { consoleConsumer } from '../kafka/tools.js';
import { until } from './until.js';

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`What exactly once needs is not tested. ${missing}\n`);

const context = quietContext('needs');
const deaf = { acknowledged: () => {}, refused: () => {} };

(missing === undefined ? describe : describe.skip)('exactly once on Kafka', () => {
  let cluster: KafkaCluster;
  let connection: DriverConnection;

  beforeAll(async () => {
    cluster = await startCluster();
    connection = await kafkajs({ brokers: cluster.brokers }).connect(context);
    await connection.admin.createTopics([{ name: 'in', partitions: 1 }]);
  });
  afterAll(async () => {
    await connection?.close();
    await cluster?.stop();
  });

  /** A unit that writes the smallest record there is, and commits an offset with it. */
  async function committed(topic: string, maxMessageBytes: number) {
    await connection.admin.createTopics([
      { name: topic, partitions: 1, configs: { 'max.message.bytes': String(maxMessageBytes) } },
    ]);
    const seen = new RecordingListener(new PortCalls(), () => true);
    const consumer = connection.consumer(
      {
        ...{ groupId: topic, topics: ['in'], startFrom: 'earliest', coPartitioned: [], readCommitted: true },
        ...{ sessionTimeoutMs: 20_000, rebalanceTimeoutMs: 5_000 },
      },
      seen,
    );
    await consumer.start();
    const at = { topic: 'in', partition: 0 };
    const times = { deliveryTimeoutMs: 20_000, transactionTimeoutMs: 30_000 };
    const unit = await connection.unitOfWork?.('0', topic, { maxRecordBytes: 1_000, ...times });
    if (unit === undefined) throw new Error('the fast path has units of work');
    await unit.prepare([topic]);
    unit.begin();
    unit.output({ topic, partition: 0 }, deaf).append(null, Buffer.from('a'), noHeaders, 1);
    await unit.flush();
    await unit.commit([{ ...at, epoch: seen.epoch(at), offset: 1 }]);
    await consumer.stop();
    const read = (isolation: 'read_committed' | 'read_uncommitted') =>
      consoleConsumer({ brokers: cluster.brokers, topic, isolation, timeoutMs: 8_000 });
    return {
      offset: async () => (await connection.admin.committed(topic, 'in'))[0],
      readers: async () =>
        (await Promise.all([read('read_committed'), read('read_uncommitted')])).map(({ length }) => length),
    };
  }

  test('a transaction ends in a topic whose batches may be as large as a marker, and in none below', async () => {
    const wide = await committed('wide', 78);
    await until('the offset', async () => (await wide.offset()) === 1);
    expect(await wide.readers()).toEqual([1, 1]);
    // It takes the record, and not the marker.
    const narrow = await committed('narrow', 77);
    expect(await narrow.readers()).toEqual([0, 1]);
  }, 120_000);

  test('on the stock path the app is refused by name', async () => {
    await connection.admin.createTopics([{ name: 'out', partitions: 1 }]);
    const app = createApp({
      groupId: 'stock',
      driver: kafkajs({ brokers: cluster.brokers, path: 'stock' }),
      guarantee: 'exactly-once',
    });
    app.topic('in', { value: string }).subscribe(app.to('out', { value: string }));
    await expect(app.run()).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining("guarantee 'exactly-once' needs transactions"),
    });
  }, 60_000);
});
