import { timeIn, withSection } from '../../lib/base/commit-metadata.js';
import { type ContractContext, numbers } from './contract-context.js';

export function committingContract(context: ContractContext): void {
  test('a commit that resolved is read back, and the next member of the group goes on there', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 2);
    const group = context.name('group');
    await context.publish(topic, 0, numbers(0, 10));
    const first = await context.start(client, group, [topic]);
    await context.seenUpTo(first, { topic, partition: 0 }, 10);
    await first.consumer.commit([
      { topic, partition: 0, epoch: first.seen.epoch({ topic, partition: 0 }), offset: 7 },
    ]);
    expect(await client.connection.admin.committed(group, topic)).toEqual([7, -1]);
    await first.consumer.stop();
    const second = await context.start(client, group, [topic]);
    await context.seenUpTo(second, { topic, partition: 0 }, 10);
    expect(second.seen.offsets({ topic, partition: 0 })).toEqual([7, 8, 9]);
  });

  test('what was committed is told with the text beside it', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 2);
    const group = context.name('group');
    const at = { topic, partition: 0 };
    await context.publish(topic, 0, numbers(0, 3));
    const { consumer, seen } = await context.start(client, group, [topic]);
    await context.seenUpTo({ consumer, seen }, at, 3);
    await consumer.commit([
      { ...at, epoch: seen.epoch(at), offset: 2, metadata: withSection('', 'time', '7') },
    ]);
    const [first, second] = await client.connection.admin.commits(group, topic);
    expect([first?.offset, timeIn(first?.metadata ?? '')]).toEqual([2, 7]);
    expect(second).toEqual({ offset: -1, metadata: '' });
    await consumer.stop();
  });

  test('a commit of the end leaves no lag, and nothing comes again', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const at = { topic, partition: 0 };
    const group = context.name('group');
    await context.publish(topic, 0, numbers(0, 3));
    const first = await context.start(client, group, [topic]);
    await context.seenUpTo(first, at, 3);
    await first.consumer.commit([{ ...at, epoch: first.seen.epoch(at), offset: 3 }]);
    await first.consumer.stop();
    const second = await context.start(client, group, [topic]);
    await context.publish(topic, 0, ['3']);
    await context.seenUpTo(second, at, 4);
    expect(second.seen.offsets(at)).toEqual([3]);
  });

  test('a commit of a stale epoch is refused, and nothing of it is stored', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 2);
    const group = context.name('group');
    await context.publish(topic, 0, numbers(0, 10));
    const { consumer, seen } = await context.start(client, group, [topic]);
    const stale = seen.epoch({ topic, partition: 0 });
    const fresh = seen.epoch({ topic, partition: 1 });
    const epoch = consumer.seek({ topic, partition: 0 }, 0);
    seen.moved({ topic, partition: 0 }, epoch);
    await expect(
      consumer.commit([
        { topic, partition: 1, epoch: fresh, offset: 0 },
        { topic, partition: 0, epoch: stale, offset: 9 },
      ]),
    ).rejects.toMatchObject({ code: 'COMMIT_REFUSED', retriable: false });
    expect(await client.connection.admin.committed(group, topic)).toEqual([-1, -1]);
    await consumer.commit([{ topic, partition: 0, epoch, offset: 2 }]);
    expect(await client.connection.admin.committed(group, topic)).toEqual([2, -1]);
  });

  test('a commit of a partition that is not assigned, or after stop, is refused and not sent', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 1);
    const other = await context.topic(client, 1);
    const group = context.name('group');
    const { consumer, seen } = await context.start(client, group, [topic]);
    const epoch = seen.epoch({ topic, partition: 0 });
    await expect(consumer.commit([{ topic: other, partition: 0, epoch, offset: 0 }])).rejects.toMatchObject({
      code: 'COMMIT_REFUSED',
    });
    await consumer.stop();
    await expect(consumer.commit([{ topic, partition: 0, epoch, offset: 0 }])).rejects.toMatchObject({
      code: 'COMMIT_REFUSED',
    });
    expect(await client.connection.admin.committed(group, topic)).toEqual([-1]);
    expect(await client.connection.admin.committed(group, other)).toEqual([-1]);
  });

  test('a member that gave a partition away cannot move the group’s offset back', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 2);
    const group = context.name('group');
    for (const partition of [0, 1]) await context.publish(topic, partition, numbers(0, 40));
    const first = await context.start(client, group, [topic]);
    const stale = new Map([0, 1].map(partition => [partition, first.seen.epoch({ topic, partition })]));
    const second = await context.start(client, group, [topic]);
    await context.eventually(
      'a partition each',
      () => first.seen.partitions.length + second.seen.partitions.length === 2,
    );
    for (const { seen, consumer } of [first, second]) {
      const [mine] = seen.assignment;
      if (mine !== undefined) await consumer.commit([{ ...mine, offset: 40 }]);
    }
    for (const partition of [0, 1]) {
      const epoch = stale.get(partition) ?? -1;
      await expect(first.consumer.commit([{ topic, partition, epoch, offset: 7 }])).rejects.toMatchObject({
        code: 'COMMIT_REFUSED',
      });
    }
    expect(await client.connection.admin.committed(group, topic)).toEqual([40, 40]);
  });
}
