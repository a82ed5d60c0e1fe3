/** Units of work on a real Kafka, through what ends programs, brokers and memberships. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import kafkajsClient from 'kafkajs';
import { systemClock } from '../../lib/base/clock.js';
import { kafkajs } from '../../lib/drivers/kafkajs/index.js';
import { clusterOf } from '../../lib/drivers/kafkajs/internals/cluster.js';
import type { DriverConnection, UnitOfWork } from '../../lib/drivers/port.js';
import { silentLogger } from '../../lib/logging/logger.js';
import { noHeaders } from '../../lib/record/headers.js';
import { PortCalls } from '../contract/contract-client.js';
import { RecordingListener } from '../contract/recording-listener.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { missingPrerequisites } from '../kafka/provision.js';
import { consoleConsumer } from '../kafka/tools.js';
import { bytesOf } from './topic-bytes.js';
import type { UnitReport, UnitTask } from './unit-member.js';
import { until } from './until.js';

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`Transactions are not tested. ${missing}\n`);

const context = { clientId: 'transactions', clock: systemClock, logger: silentLogger, event: () => {} };
const deaf = { acknowledged: () => {}, refused: () => {} };
const patience = { withinMs: 60_000 };

(missing === undefined ? describe : describe.skip)('a unit of work on Kafka', () => {
  let cluster: KafkaCluster;
  let connection: DriverConnection;
  let child: ChildProcess | undefined;

  beforeAll(async () => {
    cluster = await startCluster();
    connection = await kafkajs({ brokers: cluster.brokers, heartbeatIntervalMs: 2_500 }).connect(context);
  });
  afterAll(async () => {
    child?.kill('SIGKILL');
    await connection?.close();
    await cluster?.stop();
  });

  async function open(group: string, topic: string): Promise<UnitOfWork> {
    const unit = await connection.unitOfWork?.('0', group);
    if (unit === undefined) throw new Error('the fast path has units of work');
    await unit.prepare([topic]);
    return unit;
  }

  async function publish(topic: string, count: number): Promise<void> {
    const producer = connection.producer({ maxRecordBytes: 1_000, deliveryTimeoutMs: 30_000 });
    await producer.prepare([topic]);
    const outputs = [0, 1].map(partition => producer.output({ topic, partition }, deaf));
    for (let i = 0; i < count; i++)
      outputs[i % 2]?.append(null, Buffer.from(String(i)), noHeaders, Date.now());
    await producer.flush();
    await producer.close();
  }

  async function member(groupId: string, topic: string) {
    const seen = new RecordingListener(new PortCalls(), () => true);
    const consumer = connection.consumer(
      {
        ...{ groupId, topics: [topic], startFrom: 'earliest', coPartitioned: [], readCommitted: true },
        ...{ sessionTimeoutMs: 20_000, rebalanceTimeoutMs: 5_000 },
      },
      seen,
    );
    await consumer.start();
    return { consumer, seen };
  }

  async function linesOf(topic: string): Promise<string[]> {
    return (await bytesOf(connection, topic))
      .toString()
      .split('\n')
      .filter(line => line !== '');
  }

  test('copies each record exactly once, however often its process is killed', async () => {
    const count = 2_000;
    const task: UnitTask = { brokers: cluster.brokers, groupId: 'killed' };
    await connection.admin.createTopics(['in', 'out'].map(name => ({ name, partitions: 2 })));
    await publish('in', count);
    const run = () => {
      const started = fork(join('spec', 'broker', 'unit-member.ts'), [JSON.stringify(task)], {
        execArgv: ['--import', 'tsx'],
      });
      child = started;
      let last: UnitReport = { committed: 0, open: false };
      started.on('message', (report: UnitReport) => {
        last = report;
      });
      return { started, last: () => last };
    };
    for (let kills = 0; kills < 4; kills++) {
      const { started, last } = run();
      const least = 20 + Math.random() * 200;
      // Every other one surely between its outputs and its commit, the rest anywhere.
      const holds = () => last().committed > least && (kills % 2 === 0 || last().open);
      await until('some units', holds, { ...patience, everyMs: 1 });
      started.kill('SIGKILL');
      await until('its end', () => started.signalCode !== null, patience);
    }
    run();
    const done = async () =>
      (await connection.admin.committed('killed', 'in')).reduce((sum, offset) => sum + offset, 0) === count;
    await until('all of it', done, { ...patience, everyMs: 200 });
    child?.kill('SIGKILL');
    const everything = Array.from({ length: count }, (_, i) => String(i)).sort();
    expect((await linesOf('out')).sort()).toEqual(everything);
    const lines = await consoleConsumer({ brokers: cluster.brokers, topic: 'out' });
    expect(lines.map(({ value }) => value).sort()).toEqual(everything);
    const all = await consoleConsumer({
      brokers: cluster.brokers,
      topic: 'out',
      isolation: 'read_uncommitted',
    });
    // Else nobody was killed in the middle of a unit, and nothing was shown here.
    expect(all.length).toBeGreaterThan(count);
    process.stderr.write(`killed in a unit: ${all.length - count} records were aborted\n`);
  });

  test('outlives a restart of the broker that leads and coordinates', async () => {
    await connection.admin.createTopics(['restarted-in', 'restarted'].map(name => ({ name, partitions: 2 })));
    const { consumer, seen } = await member('restarted', 'restarted-in');
    const at = { topic: 'restarted-in', partition: 0 };
    const unit = await open('restarted', 'restarted');
    const outputs = [0, 1].map(partition => unit.output({ topic: 'restarted', partition }, deaf));
    const kept: string[] = [];
    for (let i = 0; i < 6; i++) {
      unit.begin();
      outputs[0]?.append(null, Buffer.from(`${i}a`), noHeaders, 1);
      await unit.flush();
      if (i % 2 === 1) {
        const [node] = cluster.nodes;
        await node?.kill(i === 1 ? 'SIGKILL' : 'SIGTERM');
        void node?.start();
      }
      outputs[0]?.append(null, Buffer.from(`${i}b`), noHeaders, 1);
      outputs[1]?.append(null, Buffer.from(`${i}c`), noHeaders, 1);
      if (i === 3) await unit.abort();
      else {
        await unit.commit([{ ...at, epoch: seen.epoch(at), offset: i }]);
        kept.push(`${i}a`, `${i}b`, `${i}c`);
      }
    }
    await until('the offset', async () => (await connection.admin.committed('restarted', at.topic))[0] === 5);
    expect((await linesOf('restarted')).sort()).toEqual(kept);
    await consumer.stop();
  });

  test('of a member that the group has put out is refused by the broker itself', async () => {
    await connection.admin.createTopics(['put-out-in', 'put-out'].map(name => ({ name, partitions: 2 })));
    const { consumer, seen } = await member('put-out', 'put-out-in');
    const at = { topic: 'put-out-in', partition: 0 };
    const unit = await open('put-out', 'put-out');
    unit.begin();
    unit.output({ topic: 'put-out', partition: 0 }, deaf).append(null, Buffer.from('a'), noHeaders, 1);
    await unit.flush();
    await putOut('put-out');
    await expect(unit.commit([{ ...at, epoch: seen.epoch(at), offset: 7 }])).rejects.toMatchObject({
      code: 'COMMIT_REFUSED',
      message: expect.stringContaining('UNKNOWN_MEMBER_ID'),
    });
    expect(await connection.admin.committed('put-out', at.topic)).toEqual([-1, -1]);
    expect(await linesOf('put-out')).toEqual([]);
    await consumer.stop();
  });

  /** Has the group's member leave without its knowledge: it hears of it by its next heartbeat. */
  async function putOut(groupId: string): Promise<void> {
    const kafka = new kafkajsClient.Kafka({
      brokers: cluster.brokers,
      logLevel: kafkajsClient.logLevel.NOTHING,
    });
    const admin = kafka.admin();
    await admin.connect();
    const [group] = (await admin.describeGroups([groupId])).groups;
    await admin.disconnect();
    const direct = clusterOf(kafka, 1_000);
    await direct.connect();
    const coordinator = await direct.findGroupCoordinator({ groupId });
    await coordinator.leaveGroup({ groupId, memberId: group?.members[0]?.memberId ?? '' });
    await direct.disconnect();
  }
});
