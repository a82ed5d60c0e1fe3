/** More than one core, and more than one process: the same command, and a group that shares its partitions. */
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lmdb } from 'kafka-rx/lmdb';
import { historyOptions } from '../../demos/purchases/topology.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { consumerGroupDescribe } from '../kafka/tools.js';
import { lastLine, type Program, startProgram } from './program.js';
import { writePurchases } from './purchase-input.js';
import { until } from './until.js';

const count = 20_000;
/** Each look is a Java process. */
const patience = { withinMs: 90_000, everyMs: 300 };

let cluster: KafkaCluster;
let folder: string;
let input: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kafka-rx-workers-'));
  input = join(folder, 'input.jsonl');
  await writePurchases(input, count);
  cluster = await startCluster();
});

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

test('two workers share the partitions, fill one history, and end as one', async () => {
  const store = join(folder, 'workers');
  const run = command(
    ...['--create-topics', '--input', input, '--workers', '2', '--group', 'workers'],
    ...['--store', store, '--json'],
  );
  await settled('workers', 2);
  await until('the end of the input', () => lagOf('workers'), patience);
  run.child.kill('SIGTERM');
  expect(await run.ended).toMatchObject({ code: 0, stderr: expect.stringContaining('history in') });
  expect(run.totals()).toMatchObject({
    consumed: count,
    patterns: count,
    rewards: count,
    purchases: count,
    stored: count,
  });
  expect(await documentsIn(store)).toBe(count);
});

test('three processes share the partitions; each input is in one history', async () => {
  const runs = [0, 1, 2].map(number =>
    command('--group', 'processes', '--store', join(folder, `process-${number}`), '--json'),
  );
  await settled('processes', 3);
  await until('the end of the input', () => lagOf('processes'), patience);
  for (const { child } of runs) child.kill('SIGTERM');
  expect((await Promise.all(runs.map(run => run.ended))).map(({ code }) => code)).toEqual([0, 0, 0]);
  const consumed = runs.map(run => run.totals().consumed);
  expect(consumed.reduce((sum, each) => sum + each, 0)).toBe(count);
  const stored = await Promise.all([0, 1, 2].map(number => documentsIn(join(folder, `process-${number}`))));
  expect(stored.reduce((sum, each) => sum + each, 0)).toBe(count);
});

test('a record that one worker cannot read ends the run: exit 1 and one line that names it', async () => {
  const bad = join(folder, 'bad.jsonl');
  await writeFile(bad, '{"cardNumber":"4111-1111-1111-1111"}\n');
  const run = command(
    ...['--input', bad, '--workers', '2', '--group', 'bad', '--store', join(folder, 'bad'), '--json'],
  );
  expect((await run.ended).code).toBe(1);
  expect(lastLine(run.stderr())).toMatch(
    /^DECODE: json\(Purchase\) cannot decode the record: .* \(topic transactions, partition \d, offset \d+\)/,
  );
  expect(run.stderr()).not.toContain('4111');
});

/** Every partition has an owner, and there are as many owners as members. */
async function settled(group: string, members: number): Promise<void> {
  await until(
    `${members} members with partitions`,
    async () => {
      const rows = (await described(group)).filter(({ topic }) => topic === 'transactions');
      const owners = new Set(rows.map(({ member }) => member));
      return rows.length === 4 && !owners.has(undefined) && owners.size === members;
    },
    patience,
  );
}

async function lagOf(group: string): Promise<boolean> {
  const rows = await described(group);
  return rows.length === 4 && rows.every(({ lag }) => lag === 0);
}

async function described(group: string) {
  return consumerGroupDescribe(cluster.brokers, group).catch(() => []);
}

async function documentsIn(directory: string): Promise<number> {
  const history = lmdb('history', { ...historyOptions, directory, readOnly: true });
  await history.open();
  const documents = await history.count();
  await history.close();
  return documents;
}

function command(...args: readonly string[]): Program & { totals(): { readonly consumed: number } } {
  const program = startProgram(['demos/purchases/main.ts', '--brokers', cluster.brokers.join(','), ...args]);
  children.push(program.child);
  return { ...program, totals: () => JSON.parse(lastLine(program.stdout())) };
}
