/**
 * A backlog is counted as it would have been live, on a real Kafka: purchases of 18 months, all of them there at once, by region into windows of an hour with
 * an hour of grace, behind a repartition. Partitions are of very different lengths, so that the short ones are read to their end while the long one is
 * still in its first weeks. Beside it, how many of the same Kafka Streams drops as late.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, type KafkaRecord, memoryMetrics, string } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { count, counter, repartition, tumbling, windowed } from 'kafka-rx/state';
import { missingPrerequisites } from '../kafka/provision.js';
import { run } from '../kafka/run.js';
import { compileStreams, missingToCompile, streamsCommand } from '../kafka/streams-program.js';
import { appsOnKafka } from './apps-on-kafka.js';
import { until } from './until.js';

const long = process.env['KAFKA_RX_TRIALS'] === 'long';
const purchases = long ? 1_000_000 : 40_000;
const withinMs = long ? 1_800_000 : 120_000;

const hourMs = 3_600_000;
const monthsMs = 18 * 30 * 24 * hourMs;
const firstMs = Date.UTC(1997, 0, 1);
const regions = ['north', 'east', 'south', 'west', 'far'];
/** Of all purchases, by partition. */
const shares = [0.79, 0.16, 0.04, 0.01];
const partitions = shares.length;
const byHour = { key: windowed(string, { sizeMs: hourMs }), value: counter().codec };

interface Purchase {
  readonly partition: number;
  readonly region: string;
  readonly atMs: number;
}

/** Of each partition in the order of time. */
const backlog: readonly Purchase[] = shares.flatMap((share, partition) => {
  const all = Math.round(share * purchases);
  return Array.from({ length: all }, (_, i) => ({
    partition,
    region: regions[(i * 7 + partition) % regions.length] ?? '',
    atMs: firstMs + Math.floor((i / all) * monthsMs),
  }));
});

/** Long after: what they are in stays open, and all before is closed by them. */
const last: readonly Purchase[] = regions.map(region => ({
  ...{ partition: 0, region, atMs: firstMs + monthsMs + 10 * hourMs },
}));

type Windows = ReadonlyMap<string, number>;

function modelled(): Windows {
  const counts = new Map<string, number>();
  for (const { region, atMs } of backlog) {
    const window = `${region} ${atMs - (atMs % hourMs)}`;
    counts.set(window, (counts.get(window) ?? 0) + 1);
  }
  return counts;
}

/** What is not as it should be, some of it. */
function differences(found: Windows, expected: Windows): readonly string[] {
  const all = new Set([...found.keys(), ...expected.keys()]);
  return [...all]
    .filter(window => found.get(window) !== expected.get(window))
    .map(window => `${window}: ${found.get(window)} for ${expected.get(window)}`)
    .slice(0, 10);
}

const sumOf = (windows: Windows): number => [...windows.values()].reduce((sum, n) => sum + n, 0);

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`No backlog is replayed on a Kafka. ${missing}\n`);

(missing === undefined ? describe : describe.skip)('a backlog of 18 months', () => {
  const on = appsOnKafka({
    properties: { 'group.initial.rebalance.delay.ms': '0' },
    jvm: 'small',
  });
  const expected = modelled();

  beforeAll(async () => {
    // By the broker's clock all of it is too old.
    await on.createTopics(['purchases'], partitions, { 'retention.ms': '-1' });
    const input = [...backlog, ...last].map(({ partition, region, atMs }) => ({
      ...{ partition, value: region, timestamp: String(atMs) },
    }));
    await on.send('purchases', input, 5_000);
  }, withinMs);

  /** The last count of each window, but of those at the very end, as a reader of committed records has them. */
  class Reader {
    readonly windows = new Map<string, number>();
    /** Windows that were told twice, with another count. */
    readonly changed: string[] = [];
    lastMs = performance.now();
    readonly #consumer = on.kafka.consumer({ groupId: `reader ${Math.random()}`, maxWaitTimeInMs: 100 });

    async read(topic: string): Promise<void> {
      await this.#consumer.connect();
      await this.#consumer.subscribe({ topics: [topic], fromBeginning: true });
      await this.#consumer.run({
        eachMessage: async ({ message, partition }) => {
          this.lastMs = performance.now();
          const at = { topic, partition, offset: Number(message.offset) };
          const { key, start } = byHour.key.decode(message.key, at);
          if (start >= firstMs + monthsMs) return;
          const n = byHour.value.decode(message.value, at);
          const window = `${key} ${start}`;
          if ((this.windows.get(window) ?? n) !== n) this.changed.push(window);
          this.windows.set(window, n);
        },
      });
    }

    end(): Promise<void> {
      return this.#consumer.disconnect();
    }
  }

  describe.each(['at-least-once', 'exactly-once'] as const)('%s', guarantee => {
    test.each([1, 3])(
      'on %i members: the windows are those of a plain model, and no record is late',
      async members => {
        const output = `by-hour-${guarantee}-${members}`;
        await on.createTopics([output], partitions, { 'retention.ms': '-1' });
        const late: string[] = [];
        const dropped: (() => number)[] = [];
        const apps = Array.from({ length: members }, () => {
          const metrics = memoryMetrics();
          const app = createApp({
            ...{ groupId: `replay-${guarantee}-${members}`, guarantee, metrics },
            driver: kafkajs({ brokers: on.cluster.brokers }),
          });
          app
            .topic('purchases', { value: string })
            .pipe(
              repartition(app.internal('by-region', { key: string, value: string }), region => region),
              count(app.state('sales', { key: string, value: counter().codec }), {
                window: tumbling(hourMs, { graceMs: hourMs }),
                emit: 'final',
                late: app.each(({ key, timestamp }: KafkaRecord<string, string>) => {
                  late.push(`${key} ${timestamp}`);
                }),
              }),
            )
            .subscribe(app.to(output, byHour));
          dropped.push(() => metrics.value('kafka_rx_records_dropped_total', { reason: 'late' }));
          on.running.push(app);
          return { app, running: app.run() };
        });
        const reader = new Reader();
        const began = performance.now();
        try {
          await reader.read(output);
          const isThrough = () => reader.windows.size >= expected.size || late.length > 0;
          await until('every window is closed', isThrough, { withinMs, everyMs: 100 });
          const seconds = ((performance.now() - began) / 1000).toFixed(1);
          process.stderr.write(
            `${guarantee}, ${members} members: ${purchases} purchases in ${seconds} s, ${late.length} late\n`,
          );
          await until('nothing more of it', () => performance.now() - reader.lastMs > 1_500);
        } finally {
          await reader.end();
          await Promise.all(apps.map(({ app }) => app.stop()));
        }
        await Promise.all(apps.map(({ running }) => running));
        const alsoDropped = dropped.map(dropped => dropped());
        expect([late.slice(0, 10), alsoDropped]).toEqual([[], apps.map(() => 0)]);
        expect([reader.changed, differences(reader.windows, expected)]).toEqual([[], []]);
      },
      withinMs + 60_000,
    );
  });

  const uncompiled = missingToCompile();
  if (uncompiled !== undefined) process.stderr.write(`Kafka Streams is not run beside it. ${uncompiled}\n`);

  (uncompiled === undefined ? test : test.skip)(
    'Kafka Streams drops of it as late what it does not count',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'kafka-rx-replay-'));
      try {
        const sources = [
          'spec/broker/KafkaStreamsReplay',
          'bench/peers/CommitMeter',
          'bench/peers/StreamsRun',
        ];
        const program = await compileStreams(
          join(folder, 'java'),
          sources.map(source => `${source}.java`),
        );
        const output = 'by-hour-kafka-streams';
        await on.createTopics([output], partitions, { 'retention.ms': '-1' });
        const plan = {
          ...{ brokers: on.cluster.brokers, group: 'replay-kafka-streams', input: 'purchases', output },
          ...{ records: backlog.length + last.length, windowMs: hourMs, graceMs: hourMs },
          directory: join(folder, 'state'),
        };
        const [command, ...args] = streamsCommand(program, 'KafkaStreamsReplay');
        const { code, stdout, stderr } = await run(command, [...args, JSON.stringify(plan)], withinMs);
        expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
        const { late } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { readonly late: number };
        process.stderr.write(`Kafka Streams drops ${late} of ${purchases} purchases as late\n`);
        const reader = new Reader();
        await reader.read(output);
        await until('all of it is read', () => performance.now() - reader.lastMs > 3_000);
        await reader.end();
        expect(sumOf(reader.windows) + late).toBe(backlog.length);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    withinMs + 60_000,
  );
});
