/** What the contract cannot ask of every driver: faults of a real cluster, and how the kafkajs driver comes back. */
import { createServer, type Socket } from 'node:net';
import { delay, systemClock, within } from '../../lib/base/clock.js';
import { createKafka } from '../../lib/drivers/kafkajs/cluster/client.js';
import { type KafkajsPathChoice, kafkajs } from '../../lib/drivers/kafkajs/index.js';
import { clusterOf } from '../../lib/drivers/kafkajs/internals/cluster.js';
import { settingsOf } from '../../lib/drivers/kafkajs/options.js';
import type {
  AssignedPartition,
  ConsumerListener,
  DriverConnection,
  DriverConsumer,
  DriverContext,
  DriverEvent,
  DriverProducer,
  FetchedBatch,
} from '../../lib/drivers/port.js';
import type { KafkaRxError } from '../../lib/errors/errors.js';
import { silentLogger } from '../../lib/logging/logger.js';
import { noHeaders } from '../../lib/record/headers.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { missingPrerequisites } from '../kafka/provision.js';

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`The recovery of kafkajs is not tested. ${missing}\n`);

async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  budgetMs = 30_000,
): Promise<number> {
  const from = performance.now();
  while (!(await holds())) {
    if (performance.now() - from > budgetMs) throw new Error(`Not within ${budgetMs} ms: ${what}`);
    await delay(systemClock, 20);
  }
  return Math.round(performance.now() - from);
}

const keyOf = ({ topic, partition }: { topic: string; partition: number }): string => `${topic}:${partition}`;

/** A small application: every record settles a little later, in order, and is committed by and by. */
class Member implements ConsumerListener {
  readonly assignments: (readonly AssignedPartition[])[] = [];
  readonly losses: (readonly AssignedPartition[])[] = [];
  readonly heard: ('assigned' | 'lost' | 'revoking')[] = [];
  readonly failures: KafkaRxError[] = [];
  readonly refusals: string[] = [];
  readonly settled: string[] = [];
  /** Settled or not, at the moments when the group took the partitions away. */
  readonly inFlightAtRevoke: number[] = [];
  readonly #workMs: number;
  readonly #watermarks = new Map<
    string,
    { at: AssignedPartition; settled: number; handedOut: number; committed: number }
  >();
  #consumer: DriverConsumer | undefined;
  #running = true;

  constructor(workMs: number) {
    this.#workMs = workMs;
  }

  async start(
    connection: DriverConnection,
    groupId: string,
    topics: readonly string[],
  ): Promise<DriverConsumer> {
    this.#consumer = connection.consumer(
      {
        groupId,
        topics,
        startFrom: 'earliest',
        coPartitioned: [],
        sessionTimeoutMs: 6_000,
        rebalanceTimeoutMs: 15_000,
        readCommitted: true,
      },
      this,
    );
    await this.#consumer.start();
    void this.#commitNowAndThen();
    return this.#consumer;
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#consumer?.pause(this.assignments.at(-1) ?? []);
    await this.#drain();
    await this.#consumer?.stop();
  }

  abandon(): void {
    this.#running = false;
  }

  assigned(partitions: readonly AssignedPartition[]): void {
    this.heard.push('assigned');
    this.assignments.push(partitions);
    this.#watermarks.clear();
  }

  lost(partitions: readonly AssignedPartition[]): void {
    this.heard.push('lost');
    this.losses.push(partitions);
    this.#watermarks.clear();
  }

  async revoking(): Promise<void> {
    this.heard.push('revoking');
    this.inFlightAtRevoke.push(
      [...this.#watermarks.values()].reduce((sum, w) => sum + w.handedOut - w.settled, 0),
    );
    await this.#drain();
    this.#watermarks.clear();
  }

  batch(batch: FetchedBatch): void {
    const { topic, partition, epoch } = batch;
    const watermark = this.#watermarks.get(keyOf(batch)) ?? {
      at: { topic, partition, epoch },
      settled: -1,
      handedOut: 0,
      committed: -1,
    };
    this.#watermarks.set(keyOf(batch), watermark);
    const records: { offset: number; value: string }[] = [];
    for (let record = batch.next(); record !== undefined; record = batch.next()) {
      records.push({ offset: record.offset, value: record.value?.toString() ?? '' });
    }
    const { nextOffset } = batch;
    watermark.handedOut = nextOffset;
    systemClock.schedule(() => {
      if (this.#watermarks.get(keyOf(batch)) !== watermark) return;
      for (const { value } of records) this.settled.push(value);
      watermark.settled = nextOffset;
    }, this.#workMs);
  }

  confirmed(): void {}

  failed(error: KafkaRxError): void {
    this.failures.push(error);
  }

  async #drain(): Promise<void> {
    const all = [...this.#watermarks.values()];
    while (all.some(({ settled, handedOut }) => settled < handedOut)) await delay(systemClock, 5);
    await this.#commit();
  }

  async #commitNowAndThen(): Promise<void> {
    while (this.#running) {
      await delay(systemClock, 100);
      await this.#commit();
    }
  }

  async #commit(): Promise<void> {
    const due = [...this.#watermarks.values()].filter(({ settled, committed }) => settled > committed);
    if (due.length === 0) return;
    const offsets = due.map(({ at, settled }) => ({ ...at, offset: settled }));
    try {
      await this.#consumer?.commit(offsets);
      due.forEach((watermark, i) => {
        watermark.committed = offsets[i]?.offset ?? -1;
      });
    } catch (error) {
      // The driver rejects with nothing else.
      this.refusals.push((error as KafkaRxError).code);
    }
  }
}

const events: DriverEvent[] = [];
const context: DriverContext = {
  clientId: 'recovery',
  clock: systemClock,
  logger: silentLogger,
  event: event => void events.push(event),
};

/** Publishes numbered records evenly, and knows which of them are durable. */
class Load {
  readonly acknowledged: string[] = [];
  readonly refused: string[] = [];
  readonly #producer: DriverProducer;
  readonly #outputs;
  #next = 0;
  #running = true;

  constructor(producer: DriverProducer, topic: string) {
    this.#producer = producer;
    this.#outputs = Array.from({ length: producer.partitionCount(topic) }, (_, partition) => {
      const pending: string[] = [];
      const output = producer.output(
        { topic, partition },
        {
          acknowledged: count => void this.acknowledged.push(...pending.splice(0, count)),
          refused: (count, error) =>
            void this.refused.push(...pending.splice(0, count).map(() => error.code)),
        },
      );
      return { pending, output };
    });
    void this.#run();
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#producer.flush();
  }

  async abandon(): Promise<void> {
    this.#running = false;
  }

  async #run(): Promise<void> {
    while (this.#running) {
      for (const { pending, output } of this.#outputs) {
        const value = String(this.#next++);
        pending.push(value);
        output.append(Buffer.from(value), Buffer.from(value), noHeaders, Date.now());
      }
      await delay(systemClock, 5);
    }
  }
}

const duplicatesIn = (values: readonly string[]): number => values.length - new Set(values).size;

(missing === undefined ? describe : describe.skip)(
  'the kafkajs driver against the faults of a cluster',
  () => {
    let cluster: KafkaCluster;
    let connections: DriverConnection[] = [];
    let names = 0;

    const connect = async (path: KafkajsPathChoice = 'fast'): Promise<DriverConnection> => {
      const driver = kafkajs({
        brokers: cluster.brokers,
        path,
        metadataMaxAgeMs: 1_000,
        heartbeatIntervalMs: 500,
      });
      const connection = await driver.connect(context);
      connections.push(connection);
      return connection;
    };

    const load = async (connection: DriverConnection, topic: string): Promise<Load> => {
      const producer = connection.producer({ maxRecordBytes: 100_000, deliveryTimeoutMs: 60_000 });
      await producer.prepare([topic]);
      return new Load(producer, topic);
    };

    beforeAll(async () => {
      cluster = await startCluster();
    });
    beforeEach(() => events.splice(0));
    afterEach(async () => {
      const open = connections;
      connections = [];
      await Promise.all(open.map(connection => connection.close()));
    });
    afterAll(() => cluster?.stop());

    test('members that join and leave under load cause no duplicate and lose nothing', async () => {
      const [topic, group] = [`rolling-${names++}`, `rolling-${names}`];
      const connection = await connect();
      await connection.admin.createTopics([{ name: topic, partitions: 6 }]);
      const source = await load(connection, topic);
      const all: Member[] = [];
      const join = async (): Promise<Member> => {
        const member = new Member(150);
        all.push(member);
        await member.start(await connect(), group, [topic]);
        return member;
      };
      const settled = (): string[] => all.flatMap(member => member.settled);
      const [a, b] = [await join(), await join()];
      await delay(systemClock, 1_500);
      const c = await join();
      await delay(systemClock, 1_500);
      await a.stop();
      await delay(systemClock, 1_500);
      const d = await join();
      await b.stop();
      await delay(systemClock, 1_500);
      await source.stop();
      await eventually('every record', () => new Set(settled()).size === source.acknowledged.length);
      await Promise.all([c.stop(), d.stop()]);
      const inFlight = all.flatMap(member => member.inFlightAtRevoke);
      expect(inFlight.reduce((x, y) => x + y)).toBeGreaterThan(0);
      expect(duplicatesIn(settled())).toBe(0);
      expect(all.flatMap(({ failures, losses }) => [...failures, ...losses])).toEqual([]);
    });

    test('a broker killed and started again: the same member goes on, nothing acknowledged is lost', async () => {
      const [topic, group] = [`killed-${names++}`, `killed-${names}`];
      const connection = await connect();
      await connection.admin.createTopics([{ name: topic, partitions: 4 }]);
      const source = await load(connection, topic);
      const member = new Member(50);
      await member.start(connection, group, [topic]);
      await eventually('work under way', () => member.settled.length > 500);
      const [node] = cluster.nodes;
      await node?.kill('SIGKILL');
      await delay(systemClock, 4_000);
      const before = member.settled.length;
      await node?.start();
      const recoveryMs = await eventually(
        'progress after healing',
        () => member.settled.length > before + 100,
      );
      await source.stop();
      await eventually('every record', () =>
        source.acknowledged.every(value => member.settled.includes(value)),
      );
      process.stderr.write(
        `broker kill: recovered in ${recoveryMs} ms, ${duplicatesIn(member.settled)} duplicates, ` +
          `${member.losses.length} losses, refused commits: ${member.refusals.join()}\n`,
      );
      expect(recoveryMs).toBeLessThan(20_000);
      expect(source.refused).toEqual([]);
      expect(member.failures).toEqual([]);
      expect(events.map(({ type }) => type)).toEqual(
        expect.arrayContaining(['retrying', 'disconnected', 'connected']),
      );
      await member.stop();
    });

    test('stopped at any moment of its first join, a member leaves nobody behind: the next gets its assignment at once', async () => {
      const connection = await connect();
      for (const stopAfterMs of [0, 5, 8, 10, 12, 15, 20, 30, 60, 100, 300]) {
        const [topic, group] = [`ghost-${names++}`, `ghost-${names}`];
        await connection.admin.createTopics([{ name: topic, partitions: 2 }]);
        // A member that is slow to give its partitions up keeps the first join of the other waiting.
        const first = new Member(0);
        await first.start(await connect(), group, [topic]);
        first.revoking = () => delay(systemClock, 500);
        const options = {
          groupId: group,
          topics: [topic],
          startFrom: 'earliest',
          coPartitioned: [],
        } as const;
        const times = { sessionTimeoutMs: 6_000, rebalanceTimeoutMs: 15_000, readCommitted: true };
        const stopped = connection.consumer({ ...options, ...times }, new Member(0));
        const started = stopped.start().catch(() => {});
        await delay(systemClock, stopAfterMs);
        await stopped.stop();
        await started;
        const next = new Member(0);
        const from = performance.now();
        await next.start(await connect(), group, [topic]);
        const tookMs = Math.round(performance.now() - from);
        process.stderr.write(
          `stopped after ${stopAfterMs} ms of its first join: the next joined in ${tookMs} ms\n`,
        );
        expect(`${stopAfterMs} ms: ${tookMs < 3_500 ? 'at once' : tookMs}`).toBe(
          `${stopAfterMs} ms: at once`,
        );
        await Promise.all([first.stop(), next.stop()]);
      }
    });

    test('a member that the group put out hears of the loss before its next assignment, and its commits are refused', async () => {
      const [topic, group] = [`expelled-${names++}`, `expelled-${names}`];
      const connection = await connect();
      await connection.admin.createTopics([{ name: topic, partitions: 2 }]);
      const member = new Member(0);
      const consumer = await member.start(connection, group, [topic]);
      const [first] = member.assignments;
      const kafka = createKafka(settingsOf({ brokers: cluster.brokers }), context);
      const admin = kafka.admin();
      await admin.connect();
      const memberId = (await admin.describeGroups([group])).groups[0]?.members[0]?.memberId ?? '';
      await admin.disconnect();
      const outside = clusterOf(kafka, 10_000);
      await outside.connect();
      await outside.refreshMetadata();
      const coordinator = await outside.findGroupCoordinator({ groupId: group });
      await coordinator.leaveGroup({ groupId: group, memberId });
      await outside.disconnect();
      await eventually('to be back', () => member.assignments.length === 2);
      expect(member.heard).toEqual(['assigned', 'lost', 'assigned']);
      expect(member.losses).toEqual([first]);
      await expect(
        consumer.commit([{ topic, partition: 0, epoch: first?.[0]?.epoch ?? -1, offset: 0 }]),
      ).rejects.toMatchObject({ code: 'COMMIT_REFUSED' });
      expect(member.assignments[1]).toHaveLength(2);
      await member.stop();
    });

    test('a topic made anew while it is read is announced as a reset, and read from its beginning', async () => {
      const [topic, group] = [`anew-${names++}`, `anew-${names}`];
      const connection = await connect();
      const publish = async (count: number): Promise<void> => {
        const producer = connection.producer({ maxRecordBytes: 1_000, deliveryTimeoutMs: 20_000 });
        await producer.prepare([topic]);
        const output = producer.output(
          { topic, partition: 0 },
          { acknowledged: () => {}, refused: () => {} },
        );
        for (let i = 0; i < count; i++)
          output.append(null, Buffer.from(`${count}/${i}`), noHeaders, Date.now());
        await producer.flush();
        await producer.close();
      };
      await connection.admin.createTopics([{ name: topic, partitions: 1 }]);
      await publish(10);
      const member = new Member(0);
      await member.start(connection, group, [topic]);
      await eventually('the first ten', () => member.settled.length === 10);
      const admin = createKafka(settingsOf({ brokers: cluster.brokers }), context).admin();
      await admin.connect();
      await admin.deleteTopics({ topics: [topic] });
      await admin.disconnect();
      await delay(systemClock, 1_500);
      await connection.admin.createTopics([{ name: topic, partitions: 1 }]);
      // More than the old topic had, so that the old position exists in the new one.
      await publish(25);
      await eventually('the new ones', () => member.settled.length >= 35);
      expect(member.settled.slice(10)).toEqual(Array.from({ length: 25 }, (_, i) => `25/${i}`));
      expect(events).toContainEqual({ type: 'offset-reset', topic, partition: 0, from: 10, to: 0 });
      expect(member.failures).toEqual([]);
      await member.stop();
    });

    const paths = ['fast', 'stock'] as const;

    test.each(paths)('stop and close are bounded while the broker does not answer, path %s', async path => {
      const [topic, group] = [`frozen-${names++}`, `frozen-${names}`];
      const connection = await connect(path);
      await connection.admin.createTopics([{ name: topic, partitions: 2 }]);
      const source = await load(connection, topic);
      const member = new Member(0);
      const consumer = await member.start(connection, group, [topic]);
      await eventually('work under way', () => member.settled.length > 10);
      const [node] = cluster.nodes;
      node?.suspend();
      try {
        const from = performance.now();
        member.abandon();
        await consumer.stop();
        const stopMs = Math.round(performance.now() - from);
        await connection.close();
        const closeMs = Math.round(performance.now() - from) - stopMs;
        process.stderr.write(`frozen broker: stop took ${stopMs} ms, close ${closeMs} ms\n`);
        expect(stopMs).toBeLessThan(8_000);
        expect(closeMs).toBeLessThan(8_000);
      } finally {
        node?.resume();
      }
      await source.abandon();
    });

    test.each(paths)(
      'connect names the addresses within its bound, whether nobody listens or nobody answers, path %s',
      async path => {
        const sockets: Socket[] = [];
        const silent = createServer(socket => void sockets.push(socket));
        await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
        const address = silent.address();
        const port = typeof address === 'object' && address !== null ? address.port : 0;
        for (const brokers of [['127.0.0.1:1', '127.0.0.1:2'], [`127.0.0.1:${port}`]]) {
          const from = performance.now();
          const driver = kafkajs({ brokers, path, connectTimeoutMs: 3_000, connectionTimeoutMs: 1_000 });
          const connected = driver.connect(context).then(
            () => 'connected',
            (error: KafkaRxError) => `${error.code}: ${error.message}`,
          );
          const outcome = await within(systemClock, connected, 10_000);
          expect(outcome).toContain('UNREACHABLE');
          expect(outcome).toContain(brokers.join(', '));
          expect(performance.now() - from).toBeLessThan(6_000);
        }
        for (const socket of sockets) socket.destroy();
        await new Promise(resolve => silent.close(resolve));
      },
    );
  },
);
