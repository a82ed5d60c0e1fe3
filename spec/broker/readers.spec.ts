/** Readers outside of groups while the leaders of what they read go and come. */
import { delay, systemClock } from '../../lib/base/clock.js';
import { kafkajs } from '../../lib/drivers/kafkajs/index.js';
import type { DriverConnection, DriverEvent, PartitionReader } from '../../lib/drivers/port.js';
import { isKafkaRxError } from '../../lib/errors/errors.js';
import { silentLogger } from '../../lib/logging/logger.js';
import { noHeaders } from '../../lib/record/headers.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { missingPrerequisites } from '../kafka/provision.js';
import { until } from './until.js';

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`Readers are not tested on Kafka. ${missing}\n`);

const partitions = 6;
const perPartition = 3_000;
const sockets = (): number =>
  process.getActiveResourcesInfo().filter(kind => kind === 'TCPSocketWrap').length;

(missing === undefined ? describe : describe.skip)('readers of a cluster of three', () => {
  let cluster: KafkaCluster;
  let connection: DriverConnection;
  const events: DriverEvent[] = [];

  const connect = (): Promise<DriverConnection> =>
    kafkajs({ brokers: cluster.brokers }).connect({
      ...{ clientId: 'readers', clock: systemClock, logger: silentLogger },
      event: event => void events.push(event),
    });

  beforeAll(async () => {
    cluster = await startCluster({ nodes: 3 });
    connection = await connect();
  }, 120_000);

  afterAll(async () => {
    await connection?.close();
    await cluster?.stop();
  }, 60_000);

  const write = async (from: number, to: number): Promise<void> => {
    const producer = connection.producer({ maxRecordBytes: 100_000, deliveryTimeoutMs: 60_000 });
    await producer.prepare(['changelog']);
    let refused = 0;
    const listener = {
      acknowledged: () => {},
      refused: (count: number) => {
        refused += count;
      },
    };
    for (let partition = 0; partition < partitions; partition++) {
      const output = producer.output({ topic: 'changelog', partition }, listener);
      for (let i = from; i < to; i++) {
        output.append(null, Buffer.from(`${partition}/${i}`), noHeaders, Date.now());
        // In many batches, of which an answer has one or some.
        if (i % 50 === 49) await producer.flush();
      }
    }
    await producer.flush();
    await producer.close();
    expect(refused).toBe(0);
  };

  test('have all of it once, in order, while each broker is killed in turn, and go on with what comes', async () => {
    await connection.admin.createTopics([{ name: 'changelog', partitions }]);
    await write(0, perPartition);
    const before = sockets();
    const reading = await connect();
    const read: string[][] = Array.from({ length: partitions }, () => []);
    let done = false;
    const follow = async (reader: PartitionReader, into: string[]): Promise<void> => {
      while (!done) {
        try {
          const batch = await reader.next();
          for (let one = batch?.next(); one !== undefined; one = batch?.next()) into.push(String(one.value));
          // Slow enough to be read from while brokers go.
          if (batch !== undefined) await delay(systemClock, 300);
        } catch (error) {
          if (!isKafkaRxError(error) || !error.retriable) throw error;
        }
      }
    };
    const following = read.map((into, partition) => {
      const whole = { topic: 'changelog', partition, from: 0, maxBytes: 1_000, readCommitted: true };
      const reader = reading.reader?.(whole);
      if (reader === undefined) throw new Error('no reader');
      return follow(reader, into);
    });
    const all = Promise.all(following);
    // Whoever fails is heard of below.
    all.catch(() => {
      done = true;
    });
    for (const node of cluster.nodes) {
      await node.kill();
      await delay(systemClock, 1_500);
      await node.start();
    }
    const wanted = (count: number) =>
      read.map((_, partition) => Array.from({ length: count }, (_, i) => `${partition}/${i}`));
    // The connection beside it loses its own with the brokers, and has them again when it needs them.
    let most = 0;
    const have = (count: number) => () => {
      most = Math.max(most, sockets());
      return done || read.every(({ length }) => length >= count);
    };
    await until('all of it', have(perPartition));
    await write(perPartition, perPartition + 10);
    await until('what came', have(perPartition + 10));
    done = true;
    await all;
    expect(read).toEqual(wanted(perPartition + 10));
    const told = events.filter(({ type }) => type === 'retrying' || type === 'retried');
    for (const type of ['retrying', 'retried']) {
      const reader = expect.objectContaining({
        type,
        what: expect.stringMatching(/^reading of changelog-\d$/),
      });
      expect(told).toContainEqual(reader);
    }
    expect(most).toBeGreaterThan(before);
    await reading.close();
    await until('its connections to be dropped', () => sockets() <= before);
  }, 180_000);
});
