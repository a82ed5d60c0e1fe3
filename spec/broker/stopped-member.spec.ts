/** A process that stands still for longer than its session, on a real Kafka: what it does when it wakes. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { type App, createApp } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import type { DriverConnection } from '../../lib/drivers/port.js';
import { noHeaders } from '../../lib/record/headers.js';
import { TcpProxy } from '../chaos/proxy.js';
import { quietContext } from '../drivers/quiet-context.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { freePorts } from '../kafka/ports.js';
import { missingPrerequisites } from '../kafka/provision.js';
import { inFlight, memberOptions, workSlowly } from './slow-work.js';
import type { StoppableReport, StoppableTask } from './stoppable-member.js';
import { until } from './until.js';

const patience = { withinMs: 40_000 };

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`A stopped member is not tested. ${missing}\n`);

const count = 6_000;
const groupId = 'stopped';

(missing === undefined ? describe : describe.skip)('a process stopped for longer than its session', () => {
  let cluster: KafkaCluster;
  /** Between the member that is stopped and the broker. */
  let proxy: TcpProxy;
  let connection: DriverConnection;
  let child: ChildProcess | undefined;
  let other: App | undefined;

  beforeAll(async () => {
    const [port = 0] = await freePorts(1);
    proxy = new TcpProxy(port);
    cluster = await startCluster({ listeners: [{ name: 'PROXIED', advertised: [proxy.address] }] });
    await proxy.open(cluster.nodes[0]?.addresses.extra['PROXIED'] ?? '');
    connection = await kafkajs({ brokers: cluster.brokers }).connect(quietContext('test'));
    await connection.admin.createTopics([{ name: 'in', partitions: 2 }]);
  });
  afterAll(async () => {
    child?.kill('SIGKILL');
    await other?.stop();
    await connection?.close();
    proxy?.close();
    await cluster?.stop();
  });

  test('hands out nothing after it wakes until its group has answered, so that only what was in flight is repeated', async () => {
    await publish(connection);
    const task: StoppableTask = { brokers: [proxy.address], groupId };
    const stopped = fork(join('spec', 'broker', 'stoppable-member.ts'), [JSON.stringify(task)], {
      execArgv: ['--import', 'tsx'],
    });
    child = stopped;
    const reports: StoppableReport[] = [];
    stopped.on('message', (report: StoppableReport) => void reports.push(report));
    const begun = () => reports.filter(({ what }) => what === 'begun');
    await until('work under way', () => begun().length > 500, patience);

    stopped.kill('SIGSTOP');
    other = createApp({
      ...memberOptions,
      groupId,
      driver: kafkajs({ brokers: cluster.brokers }),
    });
    const seen: string[] = [];
    workSlowly(other, value => void seen.push(value));
    const running = other.run();
    await until('the other member to have taken over', () => seen.length > 500, patience);
    const before = begun();
    // The group's word takes a while; what was in flight settles meanwhile, and makes room for more.
    proxy.delay(500);
    const continuedAt = Date.now();
    stopped.kill('SIGCONT');
    const afterwards = () => reports.filter(({ atMs }) => atMs >= continuedAt);
    await until('the word of the group', () => afterwards().some(({ what }) => what === 'lost'), patience);
    proxy.heal();
    await until(
      'the stopped member to be back',
      () => afterwards().some(({ what }) => what === 'assigned'),
      patience,
    );

    const told = afterwards().findIndex(({ what }) => what === 'lost');
    // A turn that was cut in its middle goes on to its next look at the clock, with the room that it had: a few records.
    // Were another begun, it would fill the room of all that was in flight.
    const cut = afterwards().slice(0, told);
    expect(cut.length).toBeLessThan(inFlight / 2);
    await until(
      'every record',
      async () => {
        const committed = await connection.admin.committed(groupId, 'in');
        return committed.reduce((sum, offset) => sum + offset) === count;
      },
      patience,
    );
    await other.stop();
    await running;
    const all = [...seen, ...begun().map(({ value }) => value)];
    expect(new Set(all).size).toBe(count);
    process.stderr.write(`stopped member: ${all.length - count} duplicates, ${inFlight} in flight at most\n`);
    // In flight, or settled while the commit before was under way: begun before it stopped, or in the turn that was cut, and not known to it as committed then.
    const committed = committedBy(reports.filter(({ atMs }) => atMs < continuedAt));
    expect(Math.min(...committed)).toBeGreaterThan(0);
    const last = new Set(
      [...before, ...cut.filter(({ what }) => what === 'begun')]
        .map(({ value }) => Number(value))
        .filter(i => Math.floor(i / 2) >= (committed[i % 2] ?? 0)),
    );
    const twice = all.filter((value, i) => all.indexOf(value) !== i).map(Number);
    expect(twice.filter(value => !last.has(value))).toEqual([]);
    // What room there is, and as much for each of the commits that may be under way.
    expect(twice.length).toBeLessThan(10 * inFlight);
  });
});

/** The offsets that each partition was told of as committed: the record of number `i` is in partition `i % 2` at offset `i / 2`. */
function committedBy(reports: readonly StoppableReport[]): readonly [number, number] {
  const offsets: [number, number] = [0, 0];
  for (const { what, value } of reports) {
    if (what !== 'committed') continue;
    const [partition = 0, offset = 0] = value.split(':').map(Number);
    if (partition === 0 || partition === 1) offsets[partition] = offset;
  }
  return offsets;
}

async function publish(connection: DriverConnection): Promise<void> {
  const producer = connection.producer({ maxRecordBytes: 1_000, deliveryTimeoutMs: 30_000 });
  await producer.prepare(['in']);
  const outputs = [0, 1].map(partition =>
    producer.output({ topic: 'in', partition }, { acknowledged: () => {}, refused: () => {} }),
  );
  for (let i = 0; i < count; i++) outputs[i % 2]?.append(null, Buffer.from(String(i)), noHeaders, Date.now());
  await producer.flush();
}
