/** The hostile corpus through the real topology on a real Kafka, a healthy purchase behind each record. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, bytes, createApp, nullable } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { lmdb } from 'kafka-rx/lmdb';
import { historyOptions, purchases } from '../../demos/purchases/topology.js';
import type { Header } from '../../lib/record/headers.js';
import { noHeaders } from '../../lib/record/headers.js';
import { quietContext } from '../drivers/quiet-context.js';
import { hostileRecords, purchase } from '../hostile/corpus.js';
import { strayed } from '../hostile/verdict.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { until } from './until.js';

const partitions = 4;
const outputs = ['patterns', 'rewards', 'purchases'] as const;
const deadLetterTopic = 'dead-letters';
const betweenMs = 4;
const delayLimitMs = 1000;

let cluster: KafkaCluster;
let folder: string;
let clean: readonly (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kafka-rx-hostile-'));
  cluster = await startCluster();
});

afterAll(async () => {
  for (const end of clean) await end();
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

test('nothing is missing, and nothing behind a hostile record waits a second', async () => {
  const corpus = hostileRecords(4);
  const driver = kafkajs({ brokers: cluster.brokers });
  const context = quietContext('hostile');
  const connection = await driver.connect(context);
  clean = [() => connection.close()];
  const names = ['transactions', ...outputs, deadLetterTopic];
  await connection.admin.createTopics(names.map(name => ({ name, partitions })));

  const policies = {
    decode: 'dead-letter',
    process: 'dead-letter',
    encode: 'dead-letter',
    produce: 'dead-letter',
  } as const;
  const app = createApp({
    groupId: 'hostile',
    driver,
    policies,
    deadLetters: { topic: deadLetterTopic, limit: 'none' },
  });
  const history = lmdb('history', { ...historyOptions, directory: folder });
  purchases(app, history);
  const seen = new Seen();
  const watch = createApp({ groupId: 'watch', driver });
  watch
    .topic([...outputs, deadLetterTopic], { value: nullable(bytes), deadLetters: true })
    .subscribe(watch.each(({ topic, value, headers }) => seen.add(topic, value, headers), { name: 'watch' }));
  const running = [run(app), run(watch)];
  clean = [() => app.stop(), () => watch.stop(), ...clean];
  await Promise.all([ready(app), ready(watch)]);

  const producer = connection.producer({ maxRecordBytes: 1_040_000, deliveryTimeoutMs: 30_000 });
  await producer.prepare(['transactions']);
  const refusals: unknown[] = [];
  const ways = Array.from({ length: partitions }, (_, partition) =>
    producer.output(
      { topic: 'transactions', partition },
      { acknowledged: () => {}, refused: (_count, error) => refusals.push(error) },
    ),
  );
  const sent = new Map<string, number>();
  for (const [index, { key, value, headers, timestamp }] of corpus.entries()) {
    const way = ways[index % partitions];
    way?.append(key, value, headers, timestamp);
    const marker = `marker-${index}`;
    sent.set(marker, performance.now());
    way?.append(Buffer.from(marker), Buffer.from(JSON.stringify(purchase(marker))), noHeaders, Date.now());
    await new Promise(resolve => setTimeout(resolve, betweenMs));
  }
  await producer.flush();
  expect(refusals).toEqual([]);
  await until('all markers', () => [...sent.keys()].every(marker => seen.at.has(marker)));
  await app.stop();
  await until('the last dead letters', () => seen.quietMs > 1000);
  await watch.stop();
  await Promise.all(running);

  const delays = [...sent].map(([marker, at]) => (seen.at.get(marker) ?? Number.NaN) - at);
  process.stderr.write(
    `${corpus.length} hostile records; a healthy one behind them took ${Math.max(...delays).toFixed(0)} ms at most\n`,
  );
  expect(Math.max(...delays)).toBeLessThan(delayLimitMs);

  await history.open();
  const wrong: string[] = [];
  const accepted = new Set(
    corpus.filter(({ fate }) => fate !== 'refused').map(({ customerId }) => customerId),
  );
  for (const [index, record] of corpus.entries()) {
    const found = new Set(seen.outputs.get(record.customerId));
    for await (const document of history.by('customer', record.customerId))
      if (document !== undefined) found.add('history');
    const offset = `${index % partitions}/${Math.floor(index / partitions) * 2}`;
    // Patterns do not tell the customer: their number must fit, below.
    const stray = strayed(record, { outputs: found, deadLetters: seen.deadLetters.get(offset) ?? [] }, 3);
    if (stray !== undefined) wrong.push(stray);
  }
  await history.close();
  expect(wrong).toEqual([]);
  expect(seen.patterns).toBe(corpus.length + accepted.size);
  const committed = await connection.admin.committed('hostile', 'transactions');
  expect(committed).toEqual(await connection.admin.offsets('transactions', 'latest'));
});

/** What reached the outputs. */
class Seen {
  /** When a purchase reached `purchases`, by customer. */
  readonly at = new Map<string, number>();
  readonly outputs = new Map<string, Set<string>>();
  /** Stages by `partition/offset`. */
  readonly deadLetters = new Map<string, string[]>();
  patterns = 0;
  #last = performance.now();

  get quietMs(): number {
    return performance.now() - this.#last;
  }

  add(topic: string, value: Buffer | null, headers: readonly Header[]): void {
    this.#last = performance.now();
    if (topic === deadLetterTopic) {
      const told = (name: string) =>
        String(headers.find(({ key }) => key === `kafka-rx.dead-letter.${name}`)?.value);
      const offset = `${told('partition')}/${told('offset')}`;
      this.deadLetters.set(offset, [...(this.deadLetters.get(offset) ?? []), told('stage')]);
      return;
    }
    if (topic === 'patterns') {
      this.patterns++;
      return;
    }
    const { customerId } = JSON.parse(String(value));
    this.outputs.set(customerId, (this.outputs.get(customerId) ?? new Set()).add(topic));
    if (topic === 'purchases') this.at.set(customerId, this.#last);
  }
}

async function run(app: App): Promise<void> {
  await app.run();
}

async function ready(app: App): Promise<void> {
  await until('an app that is ready', () => app.health().ready);
}
