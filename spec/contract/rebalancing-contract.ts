import { delay } from '../../lib/base/clock.js';
import type { RecordingConsumer } from './contract-client.js';
import { type ContractContext, numbers, values } from './contract-context.js';

export function rebalancingContract(context: ContractContext): void {
  const { setup } = context;
  const can = <T>(capability: T | undefined) => (capability === undefined ? test.skip : test);

  /** Until the members' assignments are these, whoever has which. */
  const shared = (members: readonly RecordingConsumer[], partitions: readonly string[]) =>
    context.eventually(`${partitions.join(', ')} to be shared by ${members.length}`, () => {
      const all = members.flatMap(({ seen }) => seen.partitions).sort();
      return (
        all.join() === [...partitions].sort().join() &&
        members.every(({ seen }) => seen.partitions.length > 0)
      );
    });

  test('a second member gets its share, every partition has one owner, and every epoch has grown', async () => {
    const [a, b] = [await context.client('a'), await context.client('b')];
    const topic = await context.topic(a, 4);
    const group = context.name('group');
    const first = await context.start(a, group, [topic]);
    const before = new Map(first.seen.assignment.map(({ partition, epoch }) => [partition, epoch]));
    const second = await context.start(b, group, [topic]);
    await shared(
      [first, second],
      [0, 1, 2, 3].map(p => `${topic}:${p}`),
    );
    expect([first, second].map(({ seen }) => seen.partitions.length)).toEqual([2, 2]);
    for (const { partition, epoch } of first.seen.assignment) {
      expect(epoch).toBeGreaterThan(before.get(partition) ?? Number.POSITIVE_INFINITY);
    }
    expect(first.seen.revocations.flat()).toHaveLength(4);
  });

  test('during revoking nothing more is delivered, commits count, and what was drained is not delivered twice', async () => {
    const [a, b] = [await context.client('a'), await context.client('b')];
    const topic = await context.topic(a, 2);
    const group = context.name('group');
    for (const partition of [0, 1]) await context.publish(topic, partition, numbers(0, 100));
    const first = await context.start(a, group, [topic]);
    for (const partition of [0, 1]) await context.seenUpTo(first, { topic, partition }, 100);
    let during = -1;
    first.seen.onRevoking = async partitions => {
      for (const partition of [0, 1]) await context.publish(topic, partition, ['new']);
      const before = first.seen.records.length;
      await delay(setup.clock, setup.quietMs);
      during = first.seen.records.length - before;
      await first.consumer.commit(partitions.map(at => ({ ...at, offset: first.seen.nextOffset(at) ?? 0 })));
    };
    const second = await context.start(b, group, [topic]);
    await shared([first, second], [`${topic}:0`, `${topic}:1`]);
    const all = () => [...first.seen.records, ...second.seen.records];
    await context.eventually(
      'the new records',
      () => values(all()).filter(value => value === 'new').length >= 2,
    );
    expect(during).toBe(0);
    const seen = all().map(({ partition, offset }) => `${partition}:${offset}`);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength(202);
  });

  const waitsForRevoking = async (records: number): Promise<void> => {
    const [a, b] = [await context.client('a'), await context.client('b')];
    const topic = await context.topic(a, 2);
    const group = context.name('group');
    await context.publish(topic, 0, numbers(0, records));
    const first = await context.start(a, group, [topic]);
    if (records > 0) await context.seenUpTo(first, { topic, partition: 0 }, records);
    first.seen.onRevoking = () => new Promise(() => {});
    const from = setup.clock.elapsed();
    const second = await context.start(b, group, [topic]);
    await context.eventually('the second assignment', () => second.seen.partitions.length === 1);
    expect(setup.clock.elapsed() - from).toBeGreaterThanOrEqual(setup.rebalanceTimeoutMs * 0.8);
    first.seen.onRevoking = async () => {};
    await context.eventually('the first to be back', () => first.seen.partitions.length === 1);
  };

  test('the assignment waits for revoking, and for no longer than the rebalance timeout', () =>
    waitsForRevoking(10));

  context.unless('idleDrain')('the assignment waits for revoking also where nothing was handed out', () =>
    waitsForRevoking(0),
  );

  test('a commit after revoking has ended is refused', async () => {
    const [a, b] = [await context.client('a'), await context.client('b')];
    const topic = await context.topic(a, 2);
    const group = context.name('group');
    const first = await context.start(a, group, [topic]);
    const held = first.seen.assignment;
    const second = await context.start(b, group, [topic]);
    await shared([first, second], [`${topic}:0`, `${topic}:1`]);
    for (const at of held) {
      await expect(first.consumer.commit([{ ...at, offset: 0 }])).rejects.toMatchObject({
        code: 'COMMIT_REFUSED',
      });
    }
    expect(await a.connection.admin.committed(group, topic)).toEqual([-1, -1]);
  });

  (setup.outage === undefined ? test.skip : context.unless('sureMembership'))(
    'in an outage longer than the session nothing is handed out any more, until the group has answered',
    async () => {
      const client = await context.client();
      const topic = await context.topic(client);
      const at = { topic, partition: 0 };
      const { consumer, seen } = await context.start(client, context.name('group'), [topic]);
      consumer.pause([at]);
      await context.publish(topic, 0, numbers(0, 20));
      // A client may have them by now, and hold them.
      await delay(setup.clock, setup.quietMs);
      setup.outage?.();
      try {
        await context.eventually('the session to be over', () => {
          return setup.clock.elapsed() > consumer.confirmedUntil;
        });
        consumer.resume([at]);
        await delay(setup.clock, setup.quietMs);
        expect(seen.records).toEqual([]);
      } finally {
        setup.endOutage?.();
      }
      // Confirmed or put out, as the group sees it: either way each record once, since none was handed out before.
      await context.eventually('the records', () => seen.records.length >= 20);
      expect(values(seen.records)).toEqual(numbers(0, 20));
      expect(seen.confirmations + seen.losses.length).toBe(1);
      expect(seen.assignments).toHaveLength(1 + seen.losses.length);
    },
  );

  test('a member that stops leaves its partitions to the others, without a revoke of its own', async () => {
    const [a, b] = [await context.client('a'), await context.client('b')];
    const topic = await context.topic(a, 4);
    const group = context.name('group');
    const first = await context.startReading(a, group, [topic]);
    const second = await context.startReading(b, group, [topic]);
    await shared(
      [first, second],
      [0, 1, 2, 3].map(p => `${topic}:${p}`),
    );
    const revoked = second.seen.revocations.length;
    await second.consumer.stop();
    await second.consumer.stop();
    await context.eventually('the first to have all', () => first.seen.partitions.length === 4);
    expect(second.seen.revocations).toHaveLength(revoked);
    const heard = second.seen.records.length;
    for (let p = 0; p < 4; p++) await context.publish(topic, p, ['after']);
    for (let p = 0; p < 4; p++) await context.seenUpTo(first, { topic, partition: p }, 1);
    expect(second.seen.records).toHaveLength(heard);
  });

  test('a partition paused before a rebalance is not paused after it', async () => {
    const [a, b] = [await context.client('a'), await context.client('b')];
    const topic = await context.topic(a, 2);
    const group = context.name('group');
    const first = await context.start(a, group, [topic]);
    first.consumer.pause([0, 1].map(partition => ({ topic, partition })));
    const second = await context.start(b, group, [topic]);
    await shared([first, second], [`${topic}:0`, `${topic}:1`]);
    for (const partition of [0, 1]) await context.publish(topic, partition, ['x']);
    await context.eventually(
      'both',
      () => first.seen.records.length === 1 && second.seen.records.length === 1,
    );
  });

  test('a member never gets a topic that it did not subscribe to', async () => {
    const [a, b] = [await context.client('a'), await context.client('b')];
    const [one, two] = [await context.topic(a, 2), await context.topic(a, 2)];
    const group = context.name('group');
    const first = await context.start(a, group, [one]);
    const second = await context.start(b, group, [two]);
    await shared([first, second], [`${one}:0`, `${one}:1`, `${two}:0`, `${two}:1`]);
    expect(first.seen.partitions).toEqual([`${one}:0`, `${one}:1`]);
  });

  test('co-partitioned topics give a member the same partition numbers', async () => {
    const [a, b] = [await context.client('a'), await context.client('b')];
    const topics = [await context.topic(a, 4), await context.topic(a, 4)];
    const group = context.name('group');
    const options = { coPartitioned: [topics] };
    const members = [
      await context.start(a, group, topics, options),
      await context.start(b, group, topics, options),
    ];
    await shared(
      members,
      topics.flatMap(topic => [0, 1, 2, 3].map(p => `${topic}:${p}`)),
    );
    for (const { seen } of members) {
      const [left, right] = topics.map(topic =>
        seen.assignment
          .filter(at => at.topic === topic)
          .map(({ partition }) => partition)
          .sort(),
      );
      expect(left).toEqual(right);
      expect(left).toHaveLength(2);
    }
  });

  test('subscribe replaces the subscription of a running consumer', async () => {
    const client = await context.client();
    const [one, two] = [await context.topic(client), await context.topic(client)];
    await context.publish(two, 0, ['x']);
    const { consumer, seen } = await context.start(client, context.name('group'), [one]);
    await consumer.subscribe([one, two]);
    await context.eventually('both', () => seen.partitions.length === 2);
    await context.eventually('the record', () => values(seen.records).includes('x'));
    await consumer.subscribe([two]);
    await context.eventually('the second', () => seen.partitions.join() === `${two}:0`);
  });

  test('more members than partitions: the spare one has an empty assignment', async () => {
    const [a, b] = [await context.client('a'), await context.client('b')];
    const topic = await context.topic(a, 1);
    const group = context.name('group');
    const first = await context.start(a, group, [topic]);
    const second = await context.start(b, group, [topic]);
    const counts = () => [first, second].map(({ seen }) => seen.assignment.length);
    await context.eventually('one owner', () => counts().reduce((x, y) => x + y) === 1);
    expect(second.seen.assignments.length).toBeGreaterThan(0);
  });

  can(setup.addPartitions)(
    'partitions added while running are assigned and read from their beginning',
    async () => {
      const client = await context.client();
      const topic = await context.topic(client, 1);
      const { seen } = await context.start(client, context.name('group'), [topic]);
      await setup.addPartitions?.(topic, 3);
      await context.publish(topic, 2, ['first']);
      await context.eventually('three partitions', () => seen.partitions.length === 3);
      await context.eventually('the first record', () => seen.offsets({ topic, partition: 2 }).length === 1);
    },
  );
}
