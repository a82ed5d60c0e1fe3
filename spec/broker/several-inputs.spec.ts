/**
 * A task of two inputs on a real Kafka, whose answers have room for one batch of one partition: by time it goes only if what an answer
 * left out is told from what is not there (KIP-74, KIP-695).
 */
import { type App, createApp, string } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { missingPrerequisites } from '../kafka/provision.js';
import { consoleConsumer } from '../kafka/tools.js';
import { appsOnKafka } from './apps-on-kafka.js';
import { until } from './until.js';

const inputs = ['orders', 'payments'];
const [partitions, records, perBatch] = [2, 2_000, 25];
/** Partitions of the topics between which members come and go. */
const spread = 4;

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`Tasks of several inputs are not tested. ${missing}\n`);

(missing === undefined ? describe : describe.skip)('a task of two inputs on a real Kafka', () => {
  const on = appsOnKafka({ properties: { 'group.initial.rebalance.delay.ms': '0' } });
  /** What the inputs hold, in the order of time. */
  const published = Array.from({ length: inputs.length * records }, (_, i) => i);

  beforeAll(async () => {
    const config = { 'message.timestamp.type': 'CreateTime' };
    await on.createTopics([...inputs, 'at-least-once', 'exactly-once'], partitions, config);
    // One topic whole before the other: whoever goes by what comes first has all orders before any payment.
    for (const [index, topic] of inputs.entries()) {
      const messages = Array.from({ length: records }, (_, i) => {
        const time = 2 * i + index;
        return { value: String(time), timestamp: String(1_600_000_000_000 + time), partition: 0 };
      });
      await on.send(topic, messages, perBatch);
    }
  }, 120_000);

  test.each(['at-least-once', 'exactly-once'] as const)(
    'goes by time through a backlog, and on when one input is at its end: %s',
    async guarantee => {
      const app = createApp({
        groupId: guarantee,
        driver: kafkajs({ brokers: on.cluster.brokers, maxBytes: 1, maxBytesPerPartition: 1 }),
        coPartitioned: [inputs],
        guarantee,
      });
      const seen: number[] = [];
      for (const topic of inputs) {
        const records$ = app.topic(topic, { value: string });
        records$.subscribe(app.watch(({ value }) => void seen.push(Number(value))));
        records$.subscribe(app.to(guarantee, { value: string, partition: () => 0, name: `${topic} to out` }));
      }
      on.running.push(app);
      void app.run().catch(() => {});
      await until('the backlog', () => seen.length >= published.length, { withinMs: 60_000 });
      expect(seen).toEqual(published);

      // One more of one of them: the other is at its end, and is not waited for.
      const late = 9_000 + published.length;
      published.push(late);
      const from = performance.now();
      await on.send('payments', [{ value: String(late), partition: 0 }]);
      await until('the late one', () => seen.includes(late), { withinMs: 20_000, everyMs: 5 });
      expect(performance.now() - from).toBeLessThan(5_000);
      await app.stop();
      const written = await consoleConsumer({
        brokers: on.cluster.brokers,
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
      await on.createTopics([left, right, out], spread);
      const perRequest = 5;
      for (const [index, topic] of [left, right].entries()) {
        const messages = Array.from({ length: each / perRequest }, (_, request) =>
          numbers.flatMap(partition =>
            Array.from({ length: perRequest }, (__, i) => {
              const time = 2 * (request * perRequest + i) + index;
              return { value: String(time), timestamp: String(1_600_000_000_000 + time), partition };
            }),
          ),
        );
        await on.send(topic, messages.flat(), perRequest * spread);
      }

      let seen = 0;
      const failed: unknown[] = [];
      const start = (): App => {
        const app = createApp({
          groupId: name,
          driver: kafkajs({ brokers: on.cluster.brokers, maxBytes: 1, maxBytesPerPartition: 1 }),
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
        on.running.push(app);
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
          const connection = on.kafka.admin();
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
      const written = await consoleConsumer({ brokers: on.cluster.brokers, topic: out });
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
