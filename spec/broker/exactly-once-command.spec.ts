/** The demo's command under exactly once, on a real Kafka: two workers, killed in mid-run with their units open, and started again. */
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lmdb } from 'kafka-rx/lmdb';
import { historyOptions } from '../../demos/purchases/topology.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { consoleConsumer } from '../kafka/tools.js';
import { lastLine, type Program, startProgram } from './program.js';
import { timesByCustomer, writePurchases } from './purchase-input.js';
import { until } from './until.js';

const count = 20_000;
const outputs = ['patterns', 'rewards', 'purchases'] as const;

let cluster: KafkaCluster;
let folder: string;
let input: string;
let inOrder: Map<string, string[]>;
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kafka-rx-exactly-once-'));
  input = join(folder, 'input.jsonl');
  inOrder = timesByCustomer(await writePurchases(input, count));
  cluster = await startCluster();
});

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

test('each purchase is in each topic once, in the order of the input, and in the history', async () => {
  const store = join(folder, 'history');
  const options = ['--workers', '2', '--guarantee', 'exactly-once', '--store', store, '--json'];
  const first = command(...options, '--create-topics', '--input', input, '--metrics-port', '0');
  await until('some of the outputs', () => writesOf(first).then(written => written > 500), {
    withinMs: 60_000,
    everyMs: 20,
  });
  first.child.kill('SIGKILL');
  await first.ended;

  // Longer than the session: a member of the first run that was joining when it was killed may have partitions until then.
  const second = command(...options, '--idle-exit', '15');
  const { code, stdout, stderr } = await second.ended;
  expect([code, stderr]).toEqual([0, expect.stringContaining('history in')]);
  const totals = JSON.parse(lastLine(stdout));
  expect(totals.guarantee).toBe('exactly-once');
  // It was killed in between.
  expect(totals.consumed).toBeGreaterThan(0);
  expect(totals.consumed).toBeLessThanOrEqual(count);

  for (const topic of outputs) {
    const read = await consoleConsumer({ brokers: cluster.brokers, topic, timeoutMs: 10_000 });
    expect([topic, read.length]).toEqual([topic, count]);
    if (topic !== 'purchases') continue;
    const seen = new Map<string, string[]>();
    for (const { key, value } of read)
      seen.set(key ?? '', [...(seen.get(key ?? '') ?? []), JSON.parse(value ?? '').purchasedAt]);
    expect(seen).toEqual(inOrder);
  }
  const history = lmdb('history', { ...historyOptions, directory: store, readOnly: true });
  await history.open();
  expect(await history.count()).toBe(count);
  await history.close();
});

/** What it has written to the topic `purchases`, as it says itself. */
async function writesOf(program: Program): Promise<number> {
  const [, url] = /metrics at (\S+)/.exec(program.stderr()) ?? [];
  if (url === undefined) return 0;
  const text = await (await fetch(url)).text();
  return Number(/^kafka_rx_records_produced_total\{.*topic="purchases".*\} (\d+)/m.exec(text)?.[1] ?? 0);
}

function command(...args: readonly string[]): Program {
  const program = startProgram(['demos/purchases/main.ts', '--brokers', cluster.brokers.join(','), ...args]);
  children.push(program.child);
  return program;
}
