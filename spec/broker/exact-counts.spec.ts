/** Counts are exact at least once: members are killed in the middle of their work, on a real Kafka, and what comes again counts once. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { missingPrerequisites } from '../kafka/provision.js';
import { appsOnKafka } from './apps-on-kafka.js';
import type { CountingTask } from './counting-member.js';
import { until } from './until.js';

const long = process.env['KAFKA_RX_TRIALS'] === 'long';
const [inputs, kills] = long ? [200_000, 10] : [20_000, 3];
const [keys, values, partitions] = [500, 37, 4];

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`Counts are not tried on a Kafka. ${missing}\n`);

(missing === undefined ? describe : describe.skip)('counts at least once', () => {
  const on = appsOnKafka({ properties: { 'group.initial.rebalance.delay.ms': '0' } });
  const children = new Set<ChildProcess>();
  let directory = '';

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kafka-rx-counts-'));
  });
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL');
    children.clear();
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  function start(task: CountingTask): ChildProcess {
    const child = fork(join('spec', 'broker', 'counting-member.ts'), [JSON.stringify(task)], {
      execArgv: ['--import', 'tsx'],
    });
    children.add(child);
    return child;
  }

  /** What a changelog says at its end, as a reader of committed records of Kafka's own client has it. */
  async function counted(topic: string): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    const consumer = on.kafka.consumer({ groupId: `reader ${topic} ${Math.random()}`, maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    let last = performance.now();
    await consumer.run({
      eachMessage: async ({ message: { key, value } }) => {
        last = performance.now();
        const text = key?.toString('latin1') ?? '';
        if (!text.startsWith('\0')) counts.set(text, Number(value?.readBigInt64BE() ?? 0));
      },
    });
    await until('nothing more of it', () => performance.now() - last > 2_000, { withinMs: 60_000 });
    await consumer.disconnect();
    return counts;
  }

  test.each(['memory', 'lmdb'])(
    'in %s, before and behind an internal topic, with members killed in turn',
    async where => {
      const groupId = `counts-${where}`;
      const topic = 'in';
      const task: CountingTask = {
        ...{ brokers: on.cluster.brokers, groupId },
        directory: where === 'lmdb' ? directory : undefined,
      };
      if (where === 'memory') await on.createTopics([topic], partitions);
      const members = [start(task), start(task)];
      const input = Array.from({ length: inputs }, (_, i) => ({
        ...{ key: `k${(i * 7919) % keys}`, value: `v${(i * 104_729) % values}` },
        partition: ((i * 7919) % keys) % partitions,
      }));
      let written = false;
      const writing =
        where === 'memory'
          ? on.send(topic, input, 200).then(() => {
              written = true;
            })
          : Promise.resolve();
      for (let kill = 0; kill < kills; kill++) {
        await delay(2_500);
        members.shift()?.kill('SIGKILL');
        members.push(start(task));
      }
      await writing;
      const admin = on.kafka.admin();
      await admin.connect();
      // A coordinator that has just come says that it is loading.
      const lag = (of: string): Promise<number> => lagOf(of).catch(() => Number.POSITIVE_INFINITY);
      const lagOf = async (of: string): Promise<number> => {
        const [ends, [committed]] = [
          await admin.fetchTopicOffsets(of),
          await admin.fetchOffsets({ groupId, topics: [of] }),
        ];
        const at = new Map(committed?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
        return ends.reduce(
          (sum, { partition, high }) => sum + Number(high) - Math.max(0, at.get(partition) ?? 0),
          0,
        );
      };
      try {
        await until('all is counted', async () => (await lag(topic)) === 0, {
          withinMs: 120_000,
          everyMs: 500,
        });
        // Markers of transactions stand behind the last record: what is left is at most one for each partition.
        await until(
          'all is counted again',
          async () => (await lag(`${groupId}-by-value-repartition`)) <= 2 * partitions,
          {
            withinMs: 120_000,
            everyMs: 500,
          },
        );
      } finally {
        await admin.disconnect();
      }
      expect(written || where === 'lmdb').toBe(true);
      await delay(1_500);
      const expected = (of: (i: number) => string) => {
        const counts = new Map<string, number>();
        for (let i = 0; i < inputs; i++) counts.set(of(i), (counts.get(of(i)) ?? 0) + 1);
        return counts;
      };
      const sorted = (counts: ReadonlyMap<string, number>) => [...counts].sort();
      expect(sorted(await counted(`${groupId}-by-key-changelog`))).toEqual(
        sorted(expected(i => `k${(i * 7919) % keys}`)),
      );
      expect(sorted(await counted(`${groupId}-by-value-changelog`))).toEqual(
        sorted(expected(i => `v${(i * 104_729) % values}`)),
      );
    },
    300_000,
  );
});
