/** The main job against a real Kafka, as a child process, judged by Kafka's own tools and by the bytes on disk. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lmdb } from 'kafka-rx/lmdb';
import { cdnowPurchases } from '../../demos/purchases/cdnow.js';
import { historyOptions, topics } from '../../demos/purchases/topology.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { consoleConsumer, consoleProducer, consumerGroupDescribe } from '../kafka/tools.js';
import { type Program, startProgram } from './program.js';
import { timesByCustomer, writePurchases } from './purchase-input.js';

const outputs = ['patterns', 'rewards', 'purchases'] as const;

let cluster: KafkaCluster;
let folder: string;
let input: string;
const cards = new Set<string>();
let customersInOrder: Map<string, string[]>;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kafka-rx-purchases-'));
  input = join(folder, 'input.jsonl');
  const purchases = await writePurchases(input);
  for (const { cardNumber } of purchases) cards.add(cardNumber.replaceAll(/\D/g, ''));
  customersInOrder = timesByCustomer(purchases);
  count = purchases.length;
  cluster = await startCluster();
});

afterAll(async () => {
  await disconnect(cluster);
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('the purchases of CDNOW through a real Kafka', () => {
  let totals: Record<string, number>;
  let store: string;

  test('every input becomes one record in each topic and one document', async () => {
    store = join(folder, 'store');
    const run = command([
      '--create-topics',
      '--input',
      input,
      '--store',
      store,
      '--idle-exit',
      '3',
      '--json',
    ]);
    totals = JSON.parse((await run.ended).stdout.trim());
    expect(run.child.exitCode).toBe(0);
    expect(totals).toMatchObject({
      consumed: count,
      patterns: count,
      rewards: count,
      purchases: count,
      stored: count,
    });
    expect(count).toBe(cdnowPurchases);
  });

  test("keys lie on the partitions that Java's own producer gives them, in the order of the input", async () => {
    const purchases = await read('purchases');
    expect(purchases).toHaveLength(count);
    expect(await read('patterns')).toHaveLength(count);
    expect(await read('rewards')).toHaveLength(count);

    const keys = [...customersInOrder.keys()].slice(0, 2000);
    await createTopics(cluster, ['transactions-java']);
    await consoleProducer(
      cluster.brokers,
      'transactions-java',
      keys.map(key => ({ key, value: 'v' })),
    );
    const java = new Map(
      (await read('transactions-java', keys.length)).map(({ key, partition }) => [key, partition]),
    );
    expect(java.size).toBe(keys.length);
    const ours = new Map(purchases.map(({ key, partition }) => [key, partition]));
    expect(keys.filter(key => ours.get(key) !== java.get(key))).toEqual([]);

    const order = new Map<string, string[]>();
    for (const { key, value } of purchases) {
      const seen = order.get(key ?? '') ?? [];
      seen.push(JSON.parse(value ?? '').purchasedAt);
      order.set(key ?? '', seen);
    }
    expect(order).toEqual(customersInOrder);
  });

  test('the committed offsets are the end offsets', async () => {
    const rows = await consumerGroupDescribe(cluster.brokers, 'purchases');
    expect(rows.filter(row => row.topic === 'transactions')).toHaveLength(4);
    expect(rows.map(({ committed, lag }) => [committed, lag])).toEqual(rows.map(({ end }) => [end, 0]));
  });

  test('no card number is in any byte of the outputs or of the store', async () => {
    for (const topic of outputs) {
      const text = (await read(topic)).map(({ key, value }) => `${key}\u001f${value}`).join('\n');
      expect(leaked(text)).toEqual([]);
    }
    for (const file of await readdir(store))
      expect(leaked((await readFile(join(store, file))).toString('latin1'))).toEqual([]);
    // The scan finds what is there: the input topic holds every card.
    expect(leaked((await read('transactions')).map(({ value }) => value).join('\n')).length).toBe(cards.size);
  });

  test("the history finds a customer's purchases by time range", async () => {
    const [customer = '', times = []] = [...customersInOrder].find(([, seen]) => seen.length > 3) ?? [];
    const all = await command(['history', '--store', store, '--customer', customer]).ended;
    const expected = [...times].sort();
    expect(purchasedAt(all.stdout)).toEqual(expected);
    const from = expected[1] ?? '';
    const to = expected[3] ?? '';
    const range = ['--customer', customer, '--from', from, '--to', to];
    const some = await command(['history', '--store', store, ...range]).ended;
    expect(purchasedAt(some.stdout)).toEqual(expected.filter(time => time >= from && time < to));
  });
});

test('killed in mid-run and started again, nothing is missing', async () => {
  const store = join(folder, 'killed');
  const options = ['--group', 'killed', '--store', store, '--idle-exit', '3', '--json'];
  const before = await ends('purchases');
  const first = command(options);
  await first.consuming;
  await new Promise(resolve => setTimeout(resolve, 700));
  first.child.kill('SIGKILL');
  await first.ended;
  const written = sum(await ends('purchases')) - sum(before);
  expect(written).toBeGreaterThan(0);
  expect(written).toBeLessThan(count);

  const second = command(options);
  const { stdout } = await second.ended;
  expect(second.child.exitCode).toBe(0);
  expect(JSON.parse(stdout.trim()).consumed).toBeGreaterThan(0);

  const fresh = (await read('purchases')).filter(
    ({ partition, offset }) => offset >= (before[partition] ?? 0),
  );
  expect(new Set(fresh.map(({ value }) => value)).size).toBe(count);
  const history = lmdb('history', { ...historyOptions, directory: store, readOnly: true });
  await history.open();
  expect(await history.count()).toBe(count);
  await history.close();
  const rows = await consumerGroupDescribe(cluster.brokers, 'killed');
  expect(rows.every(({ lag }) => lag === 0)).toBe(true);
});

test('SIGTERM drains, commits and exits 0 with its totals', async () => {
  const run = command(['--group', 'stopped', '--store', join(folder, 'stopped'), '--json']);
  await run.consuming;
  run.child.kill('SIGTERM');
  const { stdout } = await run.ended;
  expect(run.child.exitCode).toBe(0);
  const { consumed, purchases, stored } = JSON.parse(stdout.trim());
  expect(purchases).toBe(consumed);
  expect(stored).toBe(consumed);
  const rows = await consumerGroupDescribe(cluster.brokers, 'stopped');
  expect(sum(rows.map(({ committed }) => committed ?? 0))).toBe(consumed);
});

test('a missing topic is one line that names it, and exit 1', async () => {
  const other = await startCluster();
  try {
    for (const [index, topic] of topics.entries()) {
      const run = command(['--store', join(folder, 'missing')], other);
      const { stderr } = await run.ended;
      expect(run.child.exitCode).toBe(1);
      const line = stderr.trim().split('\n').at(-1) ?? '';
      expect(topics.filter(name => line.includes(`'${name}'`))).toEqual(topics.slice(index));
      expect(stderr).not.toMatch(/\n\s+at /);
      await createTopics(other, [topic]);
    }
  } finally {
    await disconnect(other);
    await other.stop();
  }
});

interface Command extends Pick<Program, 'child' | 'ended'> {
  /** Resolves when the first records have reached the topic `purchases`. */
  readonly consuming: Promise<void>;
}

function command(args: readonly string[], at = cluster): Command {
  const words = args[0] === 'history' ? args : ['--brokers', at.brokers.join(','), ...args];
  const { child, ended } = startProgram(['demos/purchases/main.ts', ...words]);
  return {
    child,
    ended,
    get consuming() {
      return growth(at);
    },
  };
}

async function growth(at: KafkaCluster): Promise<void> {
  const before = sum(await ends('purchases', at));
  const until = Date.now() + 60_000;
  while (sum(await ends('purchases', at)) === before) {
    if (Date.now() > until) throw new Error('nothing was consumed within 60 s');
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

const admins = new Map<KafkaCluster, Promise<import('kafkajs').Admin>>();

async function admin(at: KafkaCluster): Promise<import('kafkajs').Admin> {
  const made =
    admins.get(at) ??
    (async () => {
      const { Kafka, logLevel } = await import('kafkajs');
      const client = new Kafka({ brokers: [...at.brokers], logLevel: logLevel.NOTHING }).admin();
      await client.connect();
      return client;
    })();
  admins.set(at, made);
  return made;
}

async function disconnect(at: KafkaCluster): Promise<void> {
  await (await admins.get(at))?.disconnect();
  admins.delete(at);
}

async function ends(topic: string, at = cluster): Promise<number[]> {
  const offsets = await (await admin(at)).fetchTopicOffsets(topic);
  const byPartition: number[] = [];
  for (const { partition, high } of offsets) byPartition[partition] = Number(high);
  return byPartition;
}

async function createTopics(at: KafkaCluster, names: readonly string[]): Promise<void> {
  await (await admin(at)).createTopics({ topics: names.map(topic => ({ topic, numPartitions: 4 })) });
}

async function read(topic: string, maxMessages?: number): ReturnType<typeof consoleConsumer> {
  const wanted = maxMessages ?? sum(await ends(topic));
  return consoleConsumer({ brokers: cluster.brokers, topic, maxMessages: wanted, timeoutMs: 20_000 });
}

/** The card numbers of the input that a text holds, in groups or plain, inside longer runs of digits too. */
function leaked(text: string): string[] {
  const found = new Set<string>();
  for (const [run] of text.matchAll(/\d(?:[ -]?\d){12,}/g)) {
    const digits = run.replaceAll(/\D/g, '');
    for (let length = 13; length <= 19; length++) {
      for (let from = 0; from + length <= digits.length; from++) {
        const window = digits.slice(from, from + length);
        if (cards.has(window)) found.add(window);
      }
    }
  }
  return [...found];
}

function purchasedAt(lines: string): string[] {
  return lines
    .trim()
    .split('\n')
    .map(line => JSON.parse(line).purchasedAt);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
