/**
 * A task of two inputs on a real Kafka, whose answers have room for one batch of one partition: by time it goes only if what an answer
 * left out is told from what is not there (KIP-74, KIP-695).
 */
import { type App, createApp, string } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { Kafka, logLevel } from 'kafkajs';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { missingPrerequisites } from '../kafka/provision.js';
import { consoleConsumer } from '../kafka/tools.js';
import { until } from './until.js';

const inputs = ['orders', 'payments'];
const [partitions, records, perBatch] = [2, 2_000, 25];
/** Partitions of the topics between which members come and go. */
const spread = 4;

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`Tasks of several inputs are not tested. ${missing}\n`);

(missing === undefined ? describe : describe.skip)('a task of two inputs on a real Kafka', () => {
  let cluster: KafkaCluster;
  let kafka: Kafka;
  const running: App[] = [];
  /** What the inputs hold, in the order of time. */
  const published = Array.from({ length: inputs.length * records }, (_, i) => i);

  beforeAll(async () => {
    cluster = await startCluster({ properties: { 'group.initial.rebalance.delay.ms': '0' } });
    kafka = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    const topics = [...inputs, 'at-least-once', 'exactly-once'].map(topic => ({
      topic,
      numPartitions: partitions,
      configEntries: [{ name: 'message.timestamp.type', value: 'CreateTime' }],
    }));
    await admin.createTopics({ topics, waitForLeaders: true });
    await admin.disconnect();
    // One topic whole before the other: whoever goes by what comes first has all orders before any payment.
    const producer = kafka.producer();
    await producer.connect();
    for (const [index, topic] of inputs.entries()) {
      for (let first = 0; first < records; first += perBatch) {
        const messages = Array.from({ length: perBatch }, (_, i) => {
          const time = 2 * (first + i) + index;
          return { value: String(time), timestamp: String(1_600_000_000_000 + time), partition: 0 };
        });
        await producer.send({ topic, messages });
      }
    }
    await producer.disconnect();
  }, 120_000);

  afterAll(async () => {
    await Promise.all(running.map(app => app.stop()));
    await cluster.stop();
  }, 60_000);

  test.each(['at-least-once', 'exactly-once'] as const)(
    'goes by time through a backlog, and on when one input is at its end: %s',
    async guarantee => {
      const app = createApp({
        groupId: guarantee,
        driver: kafkajs({ brokers: cluster.brokers, maxBytes: 1, maxBytesPerPartition: 1 }),
        coPartitioned: [inputs],
        guarantee,
      });
      const seen: number[] = [];
      for (const topic of inputs) {
        const records$ = app.topic(topic, { value: string });
        records$.subscribe(app.watch(({ value }) => void seen.push(Number(value))));
        records$.subscribe(app.to(guarantee, { value: string, partition: () => 0, name: `${topic} to out` }));
      }
      running.push(app);
      void app.run().catch(() => {});
      await until('the backlog', () => seen.length >= published.length, { withinMs: 60_000 });
      expect(seen).toEqual(published);

      // One more of one of them: the other is at its end, and is not waited for.
      const producer = kafka.producer();
      await producer.connect();
      const late = 9_000 + published.length;
      published.push(late);
      const from = performance.now();
      await producer.send({ topic: 'payments', messages: [{ value: String(late), partition: 0 }] });
      await until('the late one', () => seen.includes(late), { withinMs: 20_000, everyMs: 5 });
      expect(performance.now() - from).toBeLessThan(5_000);
      await producer.disconnect();
      await app.stop();
      const written = await consoleConsumer({
        brokers: cluster.brokers,
        topic: guarantee,
        maxMessages: seen.length,
      });
      expect(written.map(({ value }) => Number(value))).toEqual(seen);
      process.stderr.write(
        `a task of two inputs, ${guarantee}: ${seen.length} records, each in the order of time\n`,
      );
    },
    120_000,
  );

  test.each(['at-least-once', 'exactly-once'] as const)(
    'goes by time while members come and go, and has each record: %s',
    async guarantee => {
      const each = 1_000;
      const numbers = Array.from({ length: spread }, (_, partition) => partition);
      const name = `moving-${guarantee}`;
      const [left, right, out] = [`${name}-left`, `${name}-right`, `${name}-out`];
      const admin = kafka.admin();
      await admin.connect();
      const topics = [left, right, out].map(topic => ({ topic, numPartitions: spread }));
      await admin.createTopics({ topics, waitForLeaders: true });
      await admin.disconnect();
      const producer = kafka.producer();
      await producer.connect();
      for (const [index, topic] of [left, right].entries()) {
        for (let first = 0; first < each; first += 5) {
          const messages = numbers.flatMap(partition =>
            Array.from({ length: 5 }, (_, i) => {
              const time = 2 * (first + i) + index;
              return { value: String(time), timestamp: String(1_600_000_000_000 + time), partition };
            }),
          );
          await producer.send({ topic, messages });
        }
      }
      await producer.disconnect();

      let seen = 0;
      const failed: unknown[] = [];
      const start = (): App => {
        const app = createApp({
          groupId: name,
          driver: kafkajs({ brokers: cluster.brokers, maxBytes: 1, maxBytesPerPartition: 1 }),
          coPartitioned: [[left, right]],
          guarantee,
        });
        for (const topic of [left, right]) {
          const records$ = app.topic(topic, { value: string });
          records$.subscribe(app.watch(() => void seen++));
          records$.subscribe(
            app.to(out, { value: string, partition: ({ partition }) => partition, name: `${topic} to out` }),
          );
        }
        running.push(app);
        void app.run().catch(error => failed.push(error));
        return app;
      };
      const all = 2 * each * spread;
      const share = (part: number) => until(`${part} of it`, () => seen >= part * all, { withinMs: 60_000 });
      const first = start();
      await share(0.1);
      const second = start();
      await share(0.3);
      await first.stop();
      await share(0.4);
      const third = start();
      await share(0.6);
      await second.stop();
      await share(0.8);
      const fourth = start();
      await until(
        'the end',
        async () => {
          const connection = kafka.admin();
          await connection.connect();
          const committed = await connection.fetchOffsets({ groupId: name, topics: [left, right] });
          await connection.disconnect();
          return committed.every(({ partitions }) =>
            partitions.every(({ offset }) => Number(offset) >= each),
          );
        },
        { withinMs: 60_000, everyMs: 500 },
      );
      await Promise.all([third.stop(), fourth.stop()]);
      const written = await consoleConsumer({ brokers: cluster.brokers, topic: out });
      const whole = Array.from({ length: 2 * each }, (_, i) => i);
      for (const partition of numbers) {
        const times = written.filter(line => line.partition === partition).map(({ value }) => Number(value));
        if (guarantee === 'exactly-once') expect(times).toEqual(whole);
        else expect([...new Set(times)].sort((a, b) => a - b)).toEqual(whole);
      }
      expect(failed).toEqual([]);
      process.stderr.write(`members came and went, ${guarantee}: ${seen} handed out of ${all}\n`);
    },
    180_000,
  );
});
