/**
 * A rolling upgrade on a real Kafka: a member that speaks the bytes of the first version in one group with members of today, whoever of
 * them leads.
 */
import { type App, createApp, string } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { Kafka, logLevel } from 'kafkajs';
import type { TopicPartition } from '../../lib/drivers/port.js';
import { startCluster } from '../kafka/cluster.js';
import { missingPrerequisites } from '../kafka/provision.js';
import { consoleConsumer } from '../kafka/tools.js';
import { OlderMember, olderMetadata, olderUserData } from './older-member.js';
import { until } from './until.js';

const inputs = ['a', 'b'];
const partitions = 6;
const groupId = 'mixed';

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`Groups of several versions are not tested. ${missing}\n`);

/** A member of today's version, and what it has. */
interface Today {
  readonly app: App;
  assigned: readonly TopicPartition[];
  outcome: unknown;
}

type Having = Pick<OlderMember, 'assigned'>;

/** Partition numbers of which a member has both inputs; undefined: of one it has one alone. */
function tasksOf({ assigned }: Having): number[] | undefined {
  const numbers = [...new Set(assigned.map(({ partition }) => partition))].sort((a, b) => a - b);
  return assigned.length === numbers.length * inputs.length ? numbers : undefined;
}

test('the older member’s bytes are those that were recorded of the first version', () => {
  const owned = inputs.flatMap(topic => [0, 1].map(partition => ({ topic, partition })));
  expect(olderUserData(owned, inputs).toString('hex')).toBe('6b7801eb87bd3a020161016202000102000101020001');
});

(missing === undefined ? test : test.skip)(
  'tasks stay whole and nobody fails, whichever version leads the group',
  async () => {
    const cluster = await startCluster();
    const kafka = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING });
    const [admin, producer] = [kafka.admin(), kafka.producer({ idempotent: true })];
    const older = new OlderMember(cluster.brokers, groupId, inputs);
    const started: Today[] = [];
    let load: NodeJS.Timeout | undefined;

    function today(): Today {
      const app = createApp({
        ...{ groupId, driver: kafkajs({ brokers: cluster.brokers }), guarantee: 'exactly-once' },
        ...{ coPartitioned: [inputs], sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000 },
      });
      for (const topic of inputs)
        app
          .topic(topic, { value: string })
          .subscribe(app.to(`${topic}-out`, { value: string, partition: ({ partition }) => partition }));
      const member: Today = { app, assigned: [], outcome: 'running' };
      app.events$.subscribe(event => {
        if (event.type === 'assigned') member.assigned = event.partitions;
        if (event.type === 'revoked' || event.type === 'lost') member.assigned = [];
      });
      void app.run().then(
        () => {
          member.outcome = 'stopped';
        },
        (error: unknown) => {
          member.outcome = error;
        },
      );
      started.push(member);
      return member;
    }

    /** Until so many tasks are at each of these. */
    async function shared(among: readonly Having[], each: number): Promise<number[][]> {
      const all = () => among.map(tasksOf);
      await until(
        `${each} whole tasks at each of ${among.length}, and not ${JSON.stringify(among.map(({ assigned }) => assigned))}`,
        () => all().every(tasks => tasks?.length === each),
      );
      const tasks = all().map(numbers => numbers ?? []);
      expect(tasks.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: partitions }, (_, i) => i));
      return tasks;
    }

    try {
      await admin.connect();
      await admin.createTopics({
        waitForLeaders: true,
        topics: [...inputs, 'a-out', 'b-out'].map(topic => ({ topic, numPartitions: partitions })),
      });
      await producer.connect();
      const written = new Set<string>();
      let last: Promise<unknown> = Promise.resolve();
      load = setInterval(() => {
        const next = written.size;
        const topicMessages = inputs.map(topic => ({
          topic,
          messages: Array.from({ length: partitions }, (_, partition) => ({
            value: `${next}-${partition}`,
            partition,
          })),
        }));
        for (const { topic, messages } of topicMessages)
          for (const { value } of messages) written.add(`${topic} ${value}`);
        last = last.then(() => producer.sendBatch({ topicMessages }));
      }, 50);

      // Today's leads.
      const first = today();
      await shared([first], 6);
      await older.start();
      const [firstsHalf = [], oldersHalf = []] = await shared([first, older], 3);
      expect(older.isLeader).toBe(false);
      const second = today();
      const [firstsThird = [], oldersThird = []] = await shared([first, older, second], 2);
      expect(older.isLeader).toBe(false);
      expect(firstsHalf).toEqual(expect.arrayContaining(firstsThird));
      expect(oldersHalf).toEqual(expect.arrayContaining(oldersThird));

      await until('commits of both versions', async () => {
        const [told] = await admin.fetchOffsets({ groupId, topics: ['a'] });
        const texts = told?.partitions.map(({ metadata }) => metadata ?? '') ?? [];
        return texts.includes(olderMetadata) && texts.some(text => text.includes('kafka-rx.topic='));
      });

      // The older one leads, first alone and then those that it does not understand.
      await Promise.all([first.app.stop(), second.app.stop()]);
      await shared([older], 6);
      expect(older.isLeader).toBe(true);
      const third = today();
      await shared([older, third], 3);
      const fourth = today();
      await shared([older, third, fourth], 2);
      expect(older.isLeader).toBe(true);

      clearInterval(load);
      await last;
      const outputs = async (): Promise<string[]> => {
        const read = await Promise.all(
          inputs.map(async topic => {
            const lines = await consoleConsumer({
              brokers: cluster.brokers,
              topic: `${topic}-out`,
              timeoutMs: 3_000,
            });
            return lines.map(({ value }) => `${topic} ${value}`);
          }),
        );
        return read.flat();
      };
      let out: string[] = [];
      await until('each input at one of them', async () => {
        out = await outputs();
        const known = new Set([...out, ...older.seen]);
        return [...written].every(one => known.has(one));
      });
      expect(new Set(out).size).toBe(out.length);
      expect(older.crashes).toEqual([]);
      expect([third.outcome, fourth.outcome, first.outcome, second.outcome]).toEqual([
        ...['running', 'running', 'stopped', 'stopped'],
      ]);
      process.stderr.write(
        `a group of two versions: ${written.size} inputs, ${older.seen.size} read by the older member, ${out.length} written by today's\n`,
      );
    } finally {
      clearInterval(load);
      await older.stop();
      await Promise.all(started.map(({ app }) => app.stop()));
      await producer.disconnect();
      await admin.disconnect();
      await cluster.stop();
    }
  },
  120_000,
);
