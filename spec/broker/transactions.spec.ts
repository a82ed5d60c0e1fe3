/** Units of work on a real Kafka, through what ends programs, brokers and memberships. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import kafkajsClient from 'kafkajs';
import { delay, systemClock } from '../../lib/base/clock.js';
import { kafkajs } from '../../lib/drivers/kafkajs/index.js';
import { clusterOf } from '../../lib/drivers/kafkajs/internals/cluster.js';
import { endTxnRequest } from '../../lib/drivers/kafkajs/protocol/end-txn.js';
import type { ProducerIdentity } from '../../lib/drivers/kafkajs/protocol/init-producer-id.js';
import { KafkaTransaction } from '../../lib/drivers/kafkajs/transactions/kafka-transaction.js';
import { TransactionCoordinator } from '../../lib/drivers/kafkajs/transactions/transaction-coordinator.js';
import type { DriverConnection, UnitOfWork } from '../../lib/drivers/port.js';
import { noHeaders } from '../../lib/record/headers.js';
import { PortCalls } from '../contract/contract-client.js';
import { RecordingListener } from '../contract/recording-listener.js';
import { quietContext } from '../drivers/quiet-context.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { missingPrerequisites } from '../kafka/provision.js';
import { consoleConsumer } from '../kafka/tools.js';
import { bytesOf } from './topic-bytes.js';
import type { UnitReport, UnitTask } from './unit-member.js';
import { until } from './until.js';

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`Transactions are not tested. ${missing}\n`);

const context = quietContext('transactions');
const deaf = { acknowledged: () => {}, refused: () => {} };
const unitOptions = { maxRecordBytes: 100_000, deliveryTimeoutMs: 60_000, transactionTimeoutMs: 60_000 };
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
    const unit = await connection.unitOfWork?.('0', group, unitOptions);
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

  test('of a member that the group has put out is refused by the broker itself, though no offset has moved', async () => {
    await connection.admin.createTopics(['put-out-in', 'put-out'].map(name => ({ name, partitions: 2 })));
    const { consumer, seen } = await member('put-out', 'put-out-in');
    const at = { topic: 'put-out-in', partition: 0 };
    const unit = await open('put-out', 'put-out');
    const output = unit.output({ topic: 'put-out', partition: 0 }, deaf);
    const unmoved = [{ ...at, epoch: seen.epoch(at), offset: 7 }];
    unit.begin();
    output.append(null, Buffer.from('a'), noHeaders, 1);
    await unit.commit(unmoved);
    unit.begin();
    output.append(null, Buffer.from('b'), noHeaders, 1);
    await unit.flush();
    await putOut('put-out');
    await expect(unit.commit(unmoved)).rejects.toMatchObject({
      code: 'COMMIT_REFUSED',
      message: expect.stringContaining('UNKNOWN_MEMBER_ID'),
    });
    expect(await connection.admin.committed('put-out', at.topic)).toEqual([7, -1]);
    expect(await linesOf('put-out')).toEqual(['a']);
    await consumer.stop();
  });

  test('is not ended by an EndTxn of the one before that arrives late', async () => {
    await connection.admin.createTopics([{ name: 'late-end', partitions: 1 }]);
    const direct = clusterOf(new kafkajsClient.Kafka({ brokers: cluster.brokers }), 1_000);
    await direct.connect();
    const partitions = [{ topic: 'late-end', partition: 0 }];
    const time = { clock: systemClock, timeoutMs: 60_000 };
    const coordinator = new TransactionCoordinator(direct, context, 'late-end/0', time.timeoutMs);
    const transaction = await KafkaTransaction.open(coordinator, time);
    const late = (identity: ProducerIdentity) =>
      coordinator.ask({
        request: endTxnRequest('late-end/0', identity, 'commit'),
        errorCodes: ({ errorCode }) => [errorCode],
      });
    transaction.begin();
    await transaction.add(partitions);
    await transaction.end('commit');
    // Under the same epoch it commits what is open by then: the danger is real.
    transaction.begin();
    await transaction.add(partitions);
    await late(await transaction.identity());
    await expect(transaction.end('abort')).rejects.toMatchObject({
      message: expect.stringContaining('INVALID_TXN_STATE'),
    });
    const renewed = await KafkaTransaction.open(coordinator, time);
    const its = await renewed.identity();
    renewed.begin();
    await renewed.add(partitions);
    await renewed.end('commit');
    renewed.spend();
    renewed.begin();
    expect((await renewed.identity()).epoch).toBeGreaterThan(its.epoch);
    await renewed.add(partitions);
    await expect(late(its)).rejects.toMatchObject({ code: 'COMMIT_REFUSED' });
    await renewed.end('abort');
    await direct.disconnect();
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

(missing === undefined ? describe : describe.skip)('an id that the brokers have forgotten', () => {
  let cluster: KafkaCluster;
  let connection: DriverConnection;

  beforeAll(async () => {
    const properties = {
      'transactional.id.expiration.ms': '1000',
      'transaction.remove.expired.transaction.cleanup.interval.ms': '300',
    };
    cluster = await startCluster({ properties });
    connection = await kafkajs({ brokers: cluster.brokers }).connect(context);
  });
  afterAll(async () => {
    await connection?.close();
    await cluster?.stop();
  });

  /** A unit of work of one group, its member and what it wrote; each `open` is another owner. */
  async function setUp(name: string) {
    await connection.admin.createTopics([{ name: `${name}-in`, partitions: 1 }]);
    await connection.admin.createTopics([{ name, partitions: 1 }]);
    const seen = new RecordingListener(new PortCalls(), () => true);
    const consumer = connection.consumer(
      {
        ...{ groupId: name, topics: [`${name}-in`], startFrom: 'earliest', coPartitioned: [] },
        ...{ readCommitted: true, sessionTimeoutMs: 20_000, rebalanceTimeoutMs: 5_000 },
      },
      seen,
    );
    await consumer.start();
    const at = { topic: `${name}-in`, partition: 0 };
    let offset = 0;
    const open = async () => {
      const unit = await connection.unitOfWork?.('0', name, unitOptions);
      if (unit === undefined) throw new Error('the fast path has units of work');
      await unit.prepare([name]);
      const output = unit.output({ topic: name, partition: 0 }, deaf);
      const copy = async (value: string): Promise<void> => {
        unit.begin();
        output.append(null, Buffer.from(value), noHeaders, 1);
        await unit.commit([{ ...at, epoch: seen.epoch(at), offset: ++offset }]);
      };
      return { unit, copy };
    };
    /** Units until the brokers have forgotten the id of the first of them: what that one says. */
    const forgotten = async (copy: (value: string) => Promise<void>): Promise<unknown> => {
      for (let i = 0; i < 20; i++) {
        await delay(systemClock, 2_500);
        const error = await copy('lost').catch(reason => reason);
        if (error !== undefined) return error;
      }
      return undefined;
    };
    const values = async () => (await bytesOf(connection, name)).toString().split('\n');
    const stop = () => consumer.stop();
    return { open, forgotten, values, stop };
  }

  const isForgotten = expect.objectContaining({
    code: 'COMMIT_FAILED',
    message: expect.stringContaining('INVALID_PRODUCER_ID_MAPPING'),
  });

  test('fails one unit, and the next one begins under a new id', async () => {
    const { open, forgotten, values, stop } = await setUp('forgotten');
    const { unit, copy } = await open();
    await copy('a');
    expect(await forgotten(copy)).toEqual(isForgotten);
    expect(unit.failure).toBeUndefined();
    await copy('b');
    await copy('c');
    expect((await values()).filter(value => value !== 'lost')).toEqual(['a', 'b', 'c', '']);
    await stop();
  });

  test('is not taken from whoever has opened it since', async () => {
    const { open, forgotten, stop } = await setUp('taken');
    const first = await open();
    await first.copy('a');
    expect(await forgotten(first.copy)).toEqual(isForgotten);
    const second = await open();
    await second.copy('b');
    await expect(first.copy('c')).rejects.toMatchObject({ code: 'COMMIT_REFUSED' });
    expect(first.unit.failure).toMatchObject({ code: 'COMMIT_REFUSED' });
    await second.copy('d');
    await stop();
  });
});
