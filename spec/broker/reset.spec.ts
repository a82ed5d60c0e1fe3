/** A group sent back on purpose, and a history put back from an older copy, on a real Kafka and a real disk. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lmdb } from 'kafka-rx/lmdb';
import { Kafka, logLevel } from 'kafkajs';
import { historyOptions } from '../../demos/purchases/topology.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { type Program, startProgram } from './program.js';

const half = 1_500;

let cluster: KafkaCluster;
let admin: import('kafkajs').Admin;
let folder: string;
let store: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kafka-rx-reset-'));
  store = join(folder, 'store');
  cluster = await startCluster();
  admin = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
});

afterAll(async () => {
  await admin.disconnect();
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('reset', () => {
  let ends: number[];
  /** After the first half was published, and before the second. */
  let between: number;

  test('is refused while a run lives, and changes nothing', async () => {
    const running = command(['--create-topics', '--input', await input(0), '--store', store]);
    await committedUpTo(half);
    const { code, stdout, stderr } = await reset('--to', 'earliest').ended;
    expect([code, stdout]).toEqual([1, '']);
    expect(lines(stderr)).toEqual([expect.stringMatching(/^GROUP_ACTIVE: Group purchases has members/)]);
    expect(sum(await committed())).toBe(half);
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
    expect(await inHistory()).toBe(half);
    ends = await committed();
  });

  test('a store folder put back from an older copy is filled again from where it stands', async () => {
    const copy = join(folder, 'copy');
    await cp(store, copy, { recursive: true });
    between = Date.now();
    expect(await run('--input', await input(half))).toMatchObject({ consumed: half, stored: half });
    expect(await inHistory()).toBe(2 * half);

    await rm(store, { recursive: true });
    await cp(copy, store, { recursive: true });
    const again = command(['--store', store, '--idle-exit', '3', '--json']);
    const { stdout, stderr } = await again.ended;
    expect(JSON.parse(stdout)).toMatchObject({ consumed: half, stored: half });
    expect(lines(stderr).filter(line => line.includes('the history is behind'))).toHaveLength(4);
    expect(await inHistory()).toBe(2 * half);
    // Once only.
    expect(await run()).toMatchObject({ consumed: 0 });
  });

  test('to earliest has everything processed again, and the history holds each purchase once', async () => {
    const { code, stdout } = await reset('--to', 'earliest').ended;
    expect([code, lines(stdout).length]).toEqual([0, 1]);
    expect(stdout).toContain('at 0: 0, 1: 0, 2: 0, 3: 0 ');
    expect(await committed()).toEqual([0, 0, 0, 0]);
    expect(await run()).toMatchObject({ consumed: 2 * half, stored: 2 * half });
    expect(await inHistory()).toBe(2 * half);
    expect(await items()).toEqual(Array.from({ length: 2 * half }, (_, i) => `item ${i}`));
  });

  test('to a time lands on the first records published since', async () => {
    const byNumber = await reset('--to', String(between), '--json').ended;
    expect(JSON.parse(byNumber.stdout)).toEqual({
      group: 'purchases',
      topic: 'transactions',
      offsets: ends,
      store,
    });
    expect(await inHistory()).toBe(half);
    const byDate = await reset('--to', new Date(between).toISOString(), '--json').ended;
    expect(JSON.parse(byDate.stdout)).toMatchObject({ offsets: ends });
    expect(await run()).toMatchObject({ consumed: half });
    expect(await inHistory()).toBe(2 * half);
  });

  test('without a history in the folder is one line, and no offset has moved', async () => {
    const before = await committed();
    const { code, stderr } = await reset('--to', 'earliest', '--store', join(folder, 'elsewhere')).ended;
    expect([code, lines(stderr)]).toEqual([1, [expect.stringContaining('There is no store history at')]]);
    expect(await committed()).toEqual(before);
  });
});

function command(args: readonly string[]): Program {
  return startProgram(['demos/purchases/main.ts', ...args, '--brokers', cluster.brokers.join(',')]);
}

function reset(...args: readonly string[]): Program {
  return command(['reset', ...(args.includes('--store') ? [] : ['--store', store]), ...args]);
}

/** Runs until the input is idle; its totals. */
async function run(...args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await command(['--store', store, '--idle-exit', '3', '--json', ...args])
    .ended;
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** A file of half of the purchases. */
async function input(from: number): Promise<string> {
  const file = join(folder, `${from}.jsonl`);
  const purchases = Array.from({ length: half }, (_, i) => ({
    customerId: `c${i % 50}`,
    storeId: 's',
    zipCode: '10003',
    item: `item ${from + i}`,
    department: 'd',
    quantity: 1,
    price: 2.5,
    purchasedAt: new Date(Date.UTC(1997, 0, 1) + (from + i) * 1000).toISOString(),
    cardNumber: '4111-1111-1111-1111',
  }));
  await writeFile(file, purchases.map(purchase => JSON.stringify(purchase)).join('\n'));
  return file;
}

async function committed(): Promise<number[]> {
  const [topic] = await admin.fetchOffsets({ groupId: 'purchases', topics: ['transactions'] });
  const byPartition: number[] = [];
  for (const { partition, offset } of topic?.partitions ?? []) byPartition[partition] = Number(offset);
  return byPartition;
}

async function committedUpTo(records: number): Promise<void> {
  const until = Date.now() + 60_000;
  for (;;) {
    // Neither the topic nor the group is there at first.
    const total = await committed().then(sum, () => -1);
    if (total >= records) return;
    if (Date.now() > until) throw new Error(`${total} of ${records} committed within 60 s`);
    await new Promise(resolve => setTimeout(resolve, 200));
  }
}

async function withHistory<T>(
  read: (history: ReturnType<typeof lmdb<{ readonly item: string }>>) => Promise<T>,
): Promise<T> {
  const history = lmdb('history', { ...historyOptions, directory: store, readOnly: true });
  await history.open();
  try {
    return await read(history);
  } finally {
    await history.close();
  }
}

function inHistory(): Promise<number> {
  return withHistory(history => history.count());
}

/** In time order. */
function items(): Promise<string[]> {
  return withHistory(async history => {
    const found: string[] = [];
    for await (const { value } of history.byTime()) found.push(value.item);
    return found;
  });
}

const lines = (text: string): string[] => text.split('\n').filter(line => line !== '');
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
