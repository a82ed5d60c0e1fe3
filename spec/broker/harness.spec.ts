import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { missingPrerequisites } from '../kafka/provision.js';
import { clusterSettings } from '../kafka/settings.js';
import { consoleConsumer, consumerGroupDescribe } from '../kafka/tools.js';

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`The real Kafka's suite does not run. ${missing}\n`);

/** A zombie counts as gone: in a container nobody may reap it. */
async function isGone(pid: number, withinMs = 5_000): Promise<boolean> {
  for (const deadline = performance.now() + withinMs; performance.now() < deadline; await delay(50)) {
    try {
      process.kill(pid, 0);
      if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return true;
    } catch {
      return true;
    }
  }
  return false;
}

(missing === undefined ? describe : describe.skip)('the real Kafka', () => {
  let cluster: KafkaCluster;

  beforeAll(async () => {
    cluster = await startCluster();
  });

  afterAll(() => cluster?.stop());

  test('a record written by kafkajs is read by kafkajs and by the console consumer, and survives kill -9', async () => {
    const { brokers, nodes } = cluster;
    const client = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING });
    const admin = client.admin();
    const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    const consumer = client.consumer({ groupId: 'readers', sessionTimeout: 6_000 });
    try {
      await Promise.all([admin.connect(), producer.connect(), consumer.connect()]);
      await admin.createTopics({ topics: [{ topic: 'greetings', numPartitions: 2 }] });
      await producer.send({
        topic: 'greetings',
        messages: [
          { key: 'k', value: 'a tab\tand a line\nand ü', partition: 1 },
          { key: null, value: null, partition: 1 },
        ],
      });

      await consumer.subscribe({ topic: 'greetings', fromBeginning: true });
      const consumed = await new Promise<string | undefined>((resolve, reject) => {
        consumer
          .run({ eachMessage: async ({ message }) => resolve(message.value?.toString()) })
          .catch(reject);
      });
      expect(consumed).toBe('a tab\tand a line\nand ü');
    } finally {
      await Promise.all([admin.disconnect(), producer.disconnect(), consumer.disconnect()]);
    }

    const expected = [
      { partition: 1, offset: 0, key: 'k', value: 'a tab\tand a line\nand ü' },
      { partition: 1, offset: 1, key: null, value: null },
    ];
    expect(await consoleConsumer({ brokers, topic: 'greetings', maxMessages: 2 })).toEqual(expected);
    const group = await consumerGroupDescribe(brokers, 'readers');
    expect(group).toContainEqual(expect.objectContaining({ topic: 'greetings', partition: 1, end: 2 }));

    const [node] = nodes;
    const before = node?.pid ?? 0;
    await node?.kill();
    expect(await isGone(before)).toBe(true);
    expect(node?.pid).toBeUndefined();
    await node?.start();
    expect(node?.pid).not.toBe(before);
    const second = { brokers, topic: 'greetings', partition: 1, offset: 1, maxMessages: 1 };
    expect(await consoleConsumer(second)).toEqual(expected.slice(1));
  });

  test('a suspended node is stopped too, and no process and no data stay', async () => {
    const other = await startCluster();
    const pid = other.nodes[0]?.pid ?? 0;
    other.nodes[0]?.suspend();
    await other.stop();
    expect(await isGone(pid)).toBe(true);
    expect(existsSync(other.dataDir)).toBe(false);
  });

  test('a node dies with the process that started it, even by SIGKILL', async () => {
    const script = `
      import { startCluster } from './spec/kafka/cluster.ts';
      const { nodes, dataDir } = await startCluster();
      console.log(JSON.stringify({ pid: nodes[0].pid, dataDir }));
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface(parent.stdout), 'line');
    const { pid, dataDir }: { pid: number; dataDir: string } = JSON.parse(line);
    expect(await isGone(pid, 200)).toBe(false);
    parent.kill('SIGKILL');
    expect(await isGone(pid)).toBe(true);
    for (let i = 0; i < 100 && existsSync(dataDir); i++) await delay(50);
    expect(existsSync(dataDir)).toBe(false);
  });
});

test('compose.yaml has the settings of the harness', () => {
  const compose = readFileSync('compose.yaml', 'utf8');
  for (const [name, value] of Object.entries(clusterSettings(1))) {
    expect(compose).toContain(`KAFKA_${name.replaceAll('.', '_').toUpperCase()}: '${value}'\n`);
  }
});
