/** What is left of a unit whose process was killed, and of one that takes too long, on a real Kafka: how soon readers of committed records get on. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { createApp, string } from 'kafka-rx';
import { kafkajs } from 'kafka-rx/kafkajs';
import { mapAsync } from 'kafka-rx/operators';
import type { Consumer } from 'kafkajs';
import { missingPrerequisites } from '../kafka/provision.js';
import { appsOnKafka } from './apps-on-kafka.js';
import type { OpenUnit } from './open-unit.js';
import { until } from './until.js';

const partitions = 4;
const count = 400;
/** From the successor's assignment on. */
const boundMs = 3_000;

const missing = missingPrerequisites();
if (missing !== undefined) process.stderr.write(`Units that are left open are not tested. ${missing}\n`);

(missing === undefined ? describe : describe.skip)('a unit that was left open', () => {
  const on = appsOnKafka({ properties: { 'group.initial.rebalance.delay.ms': '0' } });
  let child: ChildProcess | undefined;
  const readers: Consumer[] = [];

  beforeAll(async () => {
    await on.createTopics(['in', 'out', 'slow-in', 'slow-out'], partitions);
  }, 60_000);

  afterEach(async () => {
    child?.kill('SIGKILL');
    await Promise.all(readers.splice(0).map(reader => reader.disconnect()));
  }, 60_000);

  const write = (topic: string, values: readonly string[]): Promise<void> =>
    on.send(
      topic,
      values.map((value, i) => ({ value, partition: i % partitions })),
    );

  /** What a reader of Kafka's own client has seen of `out` so far, and when. */
  async function reader(readUncommitted: boolean): Promise<Map<string, number>> {
    const seen = new Map<string, number>();
    const consumer = on.kafka.consumer({
      groupId: `reader ${readUncommitted}`,
      readUncommitted,
      maxWaitTimeInMs: 100,
    });
    readers.push(consumer);
    await consumer.connect();
    await consumer.subscribe({ topics: ['out'], fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => void seen.set(String(message.value), performance.now()),
    });
    return seen;
  }

  test('by SIGKILL keeps readers of committed records for less than 3 s of its successor’s assignment', async () => {
    const [committed, uncommitted] = [await reader(false), await reader(true)];
    const task: OpenUnit = { brokers: on.cluster.brokers, groupId: 'killed' };
    child = fork(join('spec', 'broker', 'open-unit.ts'), [JSON.stringify(task)], {
      execArgv: ['--import', 'tsx'],
    });
    await write(
      'in',
      Array.from({ length: count }, (_, i) => String(i)),
    );
    await until('outputs of every input', () => uncommitted.size >= count, { withinMs: 60_000, everyMs: 20 });
    child.kill('SIGKILL');
    // Behind what is open, in each partition: of a producer that has nothing to do with it.
    const marks = Array.from({ length: partitions }, (_, i) => `mark ${i}`);
    await write('out', marks);
    await until('the marks', () => marks.every(mark => uncommitted.has(mark)), { withinMs: 20_000 });
    expect(committed.size).toBe(0);

    const app = createApp({
      ...{
        groupId: task.groupId,
        driver: kafkajs({ brokers: on.cluster.brokers }),
        guarantee: 'exactly-once',
      },
      ...{ sessionTimeoutMs: 6_000 },
    });
    app
      .topic('in', { value: string })
      .subscribe(app.to('out', { value: string, partition: ({ partition }) => partition }));
    let assignedAt = Number.POSITIVE_INFINITY;
    const readBefore = new Set<string>();
    app.events$.subscribe(event => {
      if (event.type !== 'assigned' || event.partitions.length < partitions) return;
      assignedAt = Math.min(assignedAt, performance.now());
      for (const mark of marks) if (committed.has(mark)) readBefore.add(mark);
    });
    on.running.push(app);
    void app.run();
    await until('the marks, committed', () => marks.every(mark => committed.has(mark)), {
      withinMs: 60_000,
      everyMs: 20,
    });
    // The group may take the killed one's session to give them: readers wait for that, and for no timeout of a transaction.
    expect([...readBefore]).toEqual([]);
    const afterMs = Math.max(...marks.map(mark => committed.get(mark) ?? 0)) - assignedAt;
    process.stderr.write(`read committed again ${Math.round(afterMs)} ms after the successor's assignment\n`);
    expect(afterMs).toBeLessThan(boundMs);
    await until('each input once', () => committed.size === count + partitions, { withinMs: 20_000 });
  }, 180_000);

  test('by an operator that takes longer than its transaction fails the app by name before the brokers abort it', async () => {
    const slow = createApp({
      ...{ groupId: 'slow', driver: kafkajs({ brokers: on.cluster.brokers }), guarantee: 'exactly-once' },
      ...{ transactionTimeoutMs: 5_000, stopDeadlineMs: 2_000 },
    });
    slow
      .topic('slow-in', { value: string })
      .pipe(
        mapAsync(async value => new Promise<string>(resolve => setTimeout(resolve, 20_000, value).unref())),
      )
      .subscribe(slow.to('slow-out', { value: string }));
    await write('slow-in', ['a']);
    const from = performance.now();
    const outcome = await slow.run().catch((error: unknown) => error);
    expect(outcome).toMatchObject({ code: 'STALLED', at: { topic: 'slow-in', partition: 0, offset: 0 } });
    expect(String(outcome)).toContain('transactionTimeoutMs');
    expect(performance.now() - from).toBeLessThan(15_000);
    const admin = on.kafka.admin();
    await admin.connect();
    const [end, position] = [
      await admin.fetchTopicOffsets('slow-out'),
      await admin.fetchOffsets({ groupId: 'slow' }),
    ];
    await admin.disconnect();
    expect(end.every(({ high }) => high === '0')).toBe(true);
    expect(position.flatMap(({ partitions: all }) => all).filter(({ offset }) => Number(offset) > 0)).toEqual(
      [],
    );
  }, 60_000);
});
