/**
 * Card numbers planted everywhere go through the real job on a real Kafka; then every byte that left it is searched: topics,
 * store, standard output and error, metrics, and the strings of its heap once it has drained.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DriverConnection } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { quietContext } from '../drivers/quiet-context.js';
import { CardScan, plantedRecords } from '../hostile/planted.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { lastLine, type Program, startProgram } from './program.js';
import { bytesOf } from './topic-bytes.js';
import { until } from './until.js';

const outputs = ['patterns', 'rewards', 'purchases', 'transactions.dead-letters'] as const;
const partitions = 4;
const patience = { withinMs: 60_000, everyMs: 200 };

const planted = plantedRecords();
const scan = new CardScan(planted);
let cluster: KafkaCluster;
let folder: string;
let connection: DriverConnection;
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kafka-rx-privacy-'));
  cluster = await startCluster();
  const context = quietContext('privacy');
  connection = await kafkajs({ brokers: cluster.brokers }).connect(context);
  const names = ['transactions', ...outputs];
  await connection.admin.createTopics(names.map(name => ({ name, partitions })));
  await publish();
});

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await connection.close();
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

test('no planted card leaves the job, by any door, nor stays in its memory', async () => {
  const store = join(folder, 'store');
  const job = start('demos/purchases/main.ts', [
    ...['--brokers', cluster.brokers.join(','), '--store', store, '--metrics-port', '0'],
    // Every second record here is refused: the limit is not what is tried.
    ...['--on-invalid', 'dead-letter', '--dead-letter-limit', 'none', '--json'],
  ]);
  await until('the end of the input', async () => (await lag('purchases')) === 0, patience);
  const metricsUrl = /metrics at (\S+)/.exec(job.stderr())?.[1] ?? '';
  const metrics = Buffer.from(await (await fetch(metricsUrl)).arrayBuffer());
  const snapshot = await heapSnapshot(job);
  job.child.kill('SIGTERM');
  expect((await job.ended).code).toBe(0);

  const doors = await searched(store, {
    metrics,
    snapshot,
    console: Buffer.from(job.stdout() + job.stderr()),
  });
  expect(doors).toEqual(Object.fromEntries(Object.keys(doors).map(door => [door, 0])));
  const totals = JSON.parse(lastLine(job.stdout()));
  expect(totals.consumed).toBe(planted.length);
  expect(totals.purchases + totals.deadLettered).toBeGreaterThanOrEqual(planted.length);
  expect(metrics.toString()).toContain('kafka_rx_records_consumed_total');
});

test('the same search finds every card in the input, in each encoding', async () => {
  expect(scan.in(await bytesOf(connection, 'transactions')).size).toBe(planted.length);
});

test('the same search finds them behind every door with masking switched off', async () => {
  const store = join(folder, 'unmasked');
  const job = start('spec/hostile/unmasked.ts', [cluster.brokers.join(','), store]);
  await until('the end of the input', async () => (await lag('unmasked')) === 0, patience);
  const snapshot = await heapSnapshot(job);
  job.child.kill('SIGTERM');
  expect((await job.ended).code).toBe(0);
  const doors = await searched(store, { snapshot, console: Buffer.from(job.stdout() + job.stderr()) });
  for (const door of ['patterns', 'rewards', 'purchases', 'store', 'snapshot', 'console']) {
    expect([door, doors[door]]).toEqual([door, expect.any(Number)]);
    expect(doors[door]).toBeGreaterThan(0);
  }
});

async function publish(): Promise<void> {
  const producer = connection.producer({ maxRecordBytes: 1_000_000, deliveryTimeoutMs: 30_000 });
  await producer.prepare(['transactions']);
  const refusals: unknown[] = [];
  const listener = {
    acknowledged: () => {},
    refused: (_count: number, error: unknown) => refusals.push(error),
  };
  const ways = Array.from({ length: partitions }, (_, partition) =>
    producer.output({ topic: 'transactions', partition }, listener),
  );
  for (const [index, { key, value, headers }] of planted.entries()) {
    ways[index % partitions]?.append(key, value, headers, Date.now());
  }
  await producer.flush();
  await producer.close();
  expect(refusals).toEqual([]);
}

/** How many planted cards are in each. */
async function searched(
  store: string,
  others: Readonly<Record<string, Buffer>>,
): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const topic of outputs) found[topic] = scan.in(await bytesOf(connection, topic)).size;
  const files = await Promise.all((await readdir(store)).map(file => readFile(join(store, file))));
  found['store'] = scan.in(Buffer.concat(files)).size;
  for (const [door, bytes] of Object.entries(others)) found[door] = scan.in(bytes).size;
  return found;
}

async function lag(groupId: string): Promise<number> {
  const committed = await connection.admin.committed(groupId, 'transactions');
  const ends = await connection.admin.offsets('transactions', 'latest');
  return ends.reduce((sum, end, partition) => sum + end - Math.max(0, committed[partition] ?? 0), 0);
}

function start(file: string, args: readonly string[]): Program {
  const flags = ['--heapsnapshot-signal=SIGUSR2', `--diagnostic-dir=${folder}`];
  const program = startProgram([file, ...args], flags);
  children.push(program.child);
  return program;
}

/** The strings of the heap after a full collection, as V8 writes them. */
async function heapSnapshot({ child }: Program): Promise<Buffer> {
  const snapshots = async () =>
    (await readdir(folder)).filter(file => file.endsWith('.heapsnapshot') && file.includes(`.${child.pid}.`));
  child.kill('SIGUSR2');
  let bytes = Buffer.alloc(0);
  await until(
    'a heap snapshot',
    async () => {
      const [file] = await snapshots();
      if (file === undefined) return false;
      bytes = await readFile(join(folder, file));
      return bytes.subarray(-4).toString().trimEnd().endsWith(']}');
    },
    patience,
  );
  return bytes;
}
