/**
 * That work goes on under exactly once on a real Kafka where units could keep it: behind few slow calls, through poison, in a task of two
 * inputs with the intake full. With `KAFKA_RX_TRIALS=long` a backlog of 20,000 behind the slow calls, a minute.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import * as t from 'io-ts';
import { type App, type AppOptions, createApp, json, string } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { mapAsync } from 'kafka-rx/operators';
import { missingPrerequisites } from '../kafka/provision.js';
import { appsOnKafka } from './apps-on-kafka.js';

const partitions = 8;
const isLong = process.env['KAFKA_RX_TRIALS'] === 'long';
const Numbered = t.strict({ id: t.number });

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`Progress under exactly once is not tested. ${missing}\n`);

(missing === undefined ? describe : describe.skip)('under exactly once', () => {
  const on = appsOnKafka();

  /** Topics of as many partitions, and values into them, one topic after the other. */
  async function given(topics: Readonly<Record<string, readonly string[]>>): Promise<void> {
    await on.createTopics(Object.keys(topics), partitions);
    for (const [topic, values] of Object.entries(topics)) {
      const messages = values.map((value, i) => ({
        // Shifted, so that every hundredth is not always in the same one.
        ...{ value, partition: (i + Math.floor(i / 100)) % partitions },
        timestamp: String(1_600_000_000_000 + i),
      }));
      await on.send(topic, messages);
    }
  }

  /** Runs until so many offsets are committed. @returns what its units came to */
  async function committing(
    inputs: readonly string[],
    count: number,
    withinMs: number,
    options: Partial<AppOptions>,
    wire: (app: App) => void,
  ) {
    const app = createApp({
      groupId: `of ${inputs.join()}`,
      ...{ driver: kafkajs({ brokers: on.cluster.brokers }), guarantee: 'exactly-once', ...options },
    });
    wire(app);
    on.running.push(app);
    let outcome: unknown = 'running';
    const errors: string[] = [];
    const position = new Map<string, number>();
    let [from, last, longest] = [0, 0, 0];
    app.events$.subscribe(event => {
      if (event.type === 'assigned' && from === 0) from = last = performance.now();
      if (event.type !== 'commit') return;
      if (event.result.error !== undefined) {
        errors.push(event.result.error.code);
        return;
      }
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
      for (const { topic, partition, offset } of event.result.offsets)
        position.set(`${topic}:${partition}`, offset);
    });
    void app.run().catch((error: unknown) => {
      outcome = error;
    });
    const sum = () => [...position.values()].reduce((all, offset) => all + offset, 0);
    const until = performance.now() + withinMs;
    while (outcome === 'running' && sum() < count && performance.now() < until) await delay(20);
    // What stands still says where, and why.
    if (outcome !== 'running' || sum() !== count)
      throw new Error(inspect({ outcome, sum: sum(), count, position, health: app.health() }));
    const seconds = (last - from) / 1000;
    await app.stop();
    return { errors, seconds, longestMs: Math.round(longest) };
  }

  function tell(what: string, { errors, seconds, longestMs }: Awaited<ReturnType<typeof committing>>): void {
    process.stderr.write(
      `${what} in ${seconds.toFixed(1)} s, at most ${longestMs} ms between two commits, ${errors.length} units dropped\n`,
    );
  }

  const slow = isLong ? 20_000 : 4_000;
  const [calls, callMs] = [16, 50];
  const idealMs = (slow / calls) * callMs;

  test(
    'a backlog behind 16 calls of 50 ms goes on, and none of its units is dropped',
    async () => {
      await given({ slow: Array.from({ length: slow }, (_, i) => String(i)), 'slow-out': [] });
      const passed = await committing(['slow'], slow, idealMs * 2 + 20_000, {}, app =>
        app
          .topic('slow', { value: string })
          .pipe(
            mapAsync(value => new Promise<string>(resolve => setTimeout(resolve, callMs, value)), {
              concurrency: calls,
              order: 'none',
            }),
          )
          .subscribe(app.to('slow-out', { value: string })),
      );
      tell(`${slow} records behind ${calls} calls of ${callMs} ms (${idealMs / 1000} s at the best)`, passed);
      expect(passed.errors).toEqual([]);
      expect(passed.longestMs).toBeLessThan(10_000);
      expect(passed.seconds * 1000).toBeLessThan(idealMs * 1.5 + 5_000);
    },
    idealMs * 2 + 60_000,
  );

  test('a backlog of which 1 % is poison goes on, and none of its units is dropped', async () => {
    const count = 20_000;
    await given({
      poisoned: Array.from({ length: count }, (_, id) =>
        id % 100 === 37 ? 'poison' : JSON.stringify({ id }),
      ),
      'poisoned-out': [],
      letters: [],
    });
    const passed = await committing(
      ['poisoned'],
      count,
      40_000,
      { policies: { decode: 'dead-letter' }, deadLetters: { topic: 'letters', limit: 'none' } },
      app =>
        app
          .topic('poisoned', { value: json(Numbered) })
          .subscribe(app.to('poisoned-out', { value: json(Numbered) })),
    );
    tell(`${count} records, 1 % of them poison`, passed);
    expect(passed.errors).toEqual([]);
    expect(passed.longestMs).toBeLessThan(10_000);
  }, 90_000);

  test('tasks of two inputs go on with the intake full of one of them', async () => {
    const count = 8_000;
    const values = Array.from({ length: count }, (_, i) => String(i).padEnd(500, '.'));
    await given({ orders: values, payments: values, 'both-out': [] });
    const seen = new Map<number, number[]>();
    const inputs = ['orders', 'payments'];
    const passed = await committing(
      inputs,
      2 * count,
      40_000,
      {
        coPartitioned: [inputs],
        // One batch of one partition is more than all may hold together.
        bounds: { maxQueuedBytes: 20_000, maxQueuedBytesPerPartition: 20_000 },
      },
      app => {
        for (const topic of inputs) {
          const records$ = app.topic(topic, { value: string });
          records$.subscribe(
            app.watch(({ partition, timestamp }) => {
              const times = seen.get(partition) ?? [];
              seen.set(partition, times);
              times.push(timestamp);
            }),
          );
          records$.subscribe(app.to('both-out', { value: string, name: `${topic} to out` }));
        }
      },
    );
    tell(`${2 * count} records of tasks of two inputs with the intake full`, passed);
    expect(passed.errors).toEqual([]);
    for (const times of seen.values()) expect(times).toEqual([...times].sort((a, b) => a - b));
  }, 90_000);
});
