import { delay } from '../../lib/base/clock.js';
import type { CommittedPartition } from '../../lib/drivers/port.js';
import { KafkaRxError } from '../../lib/errors/errors.js';
import { type ContractContext, numbers } from './contract-context.js';

/** Where a group goes on: what it committed, what the app says to that, and a reset from outside. */
export function resumingContract(context: ContractContext): void {
  test('resumeAt is handed what the group committed, metadata included, and its answer is where reading begins', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 3);
    const group = context.name('group');
    for (const partition of [0, 1, 2]) await context.publish(topic, partition, numbers(0, 10));
    const first = await context.start(client, group, [topic]);
    const epoch = (partition: number) => first.seen.epoch({ topic, partition });
    await first.consumer.commit([
      { topic, partition: 0, epoch: epoch(0), offset: 8, metadata: 'a b' },
      { topic, partition: 1, epoch: epoch(1), offset: 7 },
    ]);
    await first.consumer.stop();

    const asked: CommittedPartition[] = [];
    const second = await context.start(client, group, [topic], {
      resumeAt: async partitions => {
        asked.push(...partitions);
        return partitions.map(({ partition }) => (partition === 0 ? 5 : undefined));
      },
    });
    for (const partition of [0, 1, 2]) await context.seenUpTo(second, { topic, partition }, 10);
    expect(second.seen.offsets({ topic, partition: 0 })).toEqual([5, 6, 7, 8, 9]);
    expect(second.seen.offsets({ topic, partition: 1 })).toEqual([7, 8, 9]);
    expect(second.seen.offsets({ topic, partition: 2 })).toHaveLength(10);
    const known = [...asked].sort((a, b) => a.partition - b.partition);
    expect(known.map(({ offset, metadata }) => [offset, metadata])).toEqual([
      [8, 'a b'],
      [7, ''],
      [undefined, ''],
    ]);
    expect(known.map(at => at.epoch)).toEqual(
      [0, 1, 2].map(at => second.seen.epoch({ topic, partition: at })),
    );
  });

  test('nothing of a partition is handed out before resumeAt has answered; after a passing failure it is asked again', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    await context.publish(topic, 0, numbers(0, 3));
    let calls = 0;
    let answer: () => void = () => {};
    const consumer = await context.start(client, context.name('group'), [topic], {
      resumeAt: async () => {
        if (++calls === 1) throw new KafkaRxError('STORE', 'not now', { retriable: true });
        await new Promise<void>(resolve => {
          answer = resolve;
        });
        return [1];
      },
    });
    await context.eventually('the second question', () => calls === 2);
    await delay(context.setup.clock, context.setup.quietMs);
    expect(consumer.seen.batches).toEqual([]);
    answer();
    await context.seenUpTo(consumer, { topic, partition: 0 }, 3);
    expect(consumer.seen.offsets({ topic, partition: 0 })).toEqual([1, 2]);
  });

  test('a resumeAt that refuses for good ends the consumer with its error', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    await context.publish(topic, 0, numbers(0, 3));
    const { seen } = await context.start(client, context.name('group'), [topic], {
      resumeAt: () => Promise.reject(new KafkaRxError('STORE_AHEAD', 'ahead')),
    });
    await context.eventually('the failure', () => seen.failures.length > 0);
    expect(seen.failures).toMatchObject([{ code: 'STORE_AHEAD' }]);
    expect(seen.batches).toEqual([]);
  });

  test('a rebalance does not wait for a resumeAt that has not answered', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 2);
    const group = context.name('group');
    for (const partition of [0, 1]) await context.publish(topic, partition, numbers(0, 3));
    let calls = 0;
    const resumeAt = () => (++calls === 1 ? new Promise<never>(() => {}) : Promise.resolve([]));
    const first = await context.start(client, group, [topic], { resumeAt });
    await context.eventually('the question', () => calls === 1);
    const second = await context.start(client, group, [topic]);
    await context.eventually(
      'a partition each, read',
      () => first.seen.records.length === 3 && second.seen.records.length === 3,
    );
  });

  test('a resumeAt that refuses after its assignment has ended says nothing of the one that goes on', async () => {
    const client = await context.client();
    const [topic, other] = [await context.topic(client), await context.topic(client)];
    await context.publish(topic, 0, numbers(0, 3));
    let refuse: (error: KafkaRxError) => void = () => {};
    let calls = 0;
    const first = new Promise<never>((_, reject) => {
      refuse = reject;
    });
    const { consumer, seen } = await context.start(client, context.name('group'), [topic], {
      resumeAt: async () => (++calls === 1 ? first : []),
    });
    await context.eventually('the question', () => calls === 1);
    await consumer.subscribe([topic, other]);
    await context.eventually('both topics', () => seen.partitions.length === 2);
    refuse(new KafkaRxError('STORE', 'too late'));
    await context.seenUpTo({ consumer, seen }, { topic, partition: 0 }, 3);
    await delay(context.setup.clock, context.setup.quietMs);
    expect(seen.failures).toEqual([]);
  });

  test('resetOffsets is refused, and sets nothing, while the group has a member; afterwards it holds', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 2);
    const group = context.name('group');
    const { admin } = client.connection;
    for (const partition of [0, 1]) await context.publish(topic, partition, numbers(0, 9));
    const member = await context.start(client, group, [topic]);
    const at = { topic, partition: 0 };
    await member.consumer.commit([{ ...at, epoch: member.seen.epoch(at), offset: 9, metadata: 'm' }]);
    const wanted = [0, 1].map(partition => ({ topic, partition, offset: 4 }));
    await expect(admin.resetOffsets(group, wanted)).rejects.toMatchObject({
      code: 'GROUP_ACTIVE',
      retriable: false,
      message: expect.stringContaining(group),
    });
    expect(await admin.committed(group, topic)).toEqual([9, -1]);
    // The member was not disturbed either.
    expect(member.seen.revocations).toEqual([]);

    await member.consumer.stop();
    await admin.resetOffsets(group, wanted);
    expect(await admin.committed(group, topic)).toEqual([4, 4]);
    const metadata: string[] = [];
    const next = await context.start(client, group, [topic], {
      resumeAt: async partitions => {
        metadata.push(...partitions.map(partition => partition.metadata));
        return [];
      },
    });
    for (const partition of [0, 1]) {
      await context.seenUpTo(next, { topic, partition }, 9);
      expect(next.seen.offsets({ topic, partition })).toEqual([4, 5, 6, 7, 8]);
    }
    expect(metadata).toEqual(['', '']);
  });

  test('resetOffsets gives a group that never was its first offsets', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const group = context.name('group');
    await client.connection.admin.resetOffsets(group, [{ topic, partition: 0, offset: 0 }]);
    await client.connection.admin.resetOffsets(group, []);
    expect(await client.connection.admin.committed(group, topic)).toEqual([0]);
  });
}
