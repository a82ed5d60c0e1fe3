import { delay } from '../../lib/base/clock.js';
import { type ContractContext, numbers, values } from './contract-context.js';

/** Where a partition begins of which its group has no offset, or none that can be gone on from. */
export function beginningContract(context: ContractContext): void {
  const { setup } = context;
  const can = <T>(capability: T | undefined) => (capability === undefined ? test.skip : test);

  for (const committed of [true, false]) {
    const name = `a partition that was added to a group that starts at latest begins at its first record, ${committed ? 'also' : 'even'} where the others ${committed ? 'have' : 'have no'} offsets`;
    can(setup.addPartitions)(name, async () => {
      const client = await context.client();
      const topic = await context.topic(client);
      const [old, added] = [0, 1].map(partition => ({ topic, partition }));
      await context.publish(topic, 0, numbers(0, 3));
      const reader = await context.start(client, context.name('group'), [topic], { startFrom: 'latest' });
      if (old === undefined || added === undefined) throw new Error('unreachable');
      await context.eventually('the start', () => reader.seen.nextOffset(old) === 3);
      if (committed) await reader.consumer.commit([{ ...old, epoch: reader.seen.epoch(old), offset: 3 }]);
      await setup.addPartitions?.(topic, 2);
      await context.publish(topic, 1, ['first', 'second']);
      await context.seenUpTo(reader, added, 2);
      expect(values(reader.seen.records)).toEqual(['first', 'second']);
    });
  }

  can(setup.addPartitions)(
    'a partition that was added while a group was idle begins at its first record',
    async () => {
      const client = await context.client();
      const topic = await context.topic(client);
      const group = context.name('group');
      const first = await context.start(client, group, [topic], { startFrom: 'latest' });
      const at = { topic, partition: 0 };
      await context.eventually('the start', () => first.seen.nextOffset(at) === 0);
      await first.consumer.commit([{ ...at, epoch: first.seen.epoch(at), offset: 0 }]);
      await first.consumer.stop();
      await setup.addPartitions?.(topic, 2);
      await context.publish(topic, 1, ['first']);
      const second = await context.start(client, group, [topic], { startFrom: 'latest' });
      await context.seenUpTo(second, { topic, partition: 1 }, 1);
      expect(values(second.seen.records)).toEqual(['first']);
    },
  );

  test('a topic that is subscribed to later begins at its first record, whatever startFrom says', async () => {
    const client = await context.client();
    const [topic, later] = [await context.topic(client), context.name('later')];
    const reader = await context.start(client, context.name('group'), [topic], {
      startFrom: { timestamp: Date.now() + 3_600_000 },
    });
    await client.connection.admin.createTopics([{ name: later, partitions: 1 }]);
    await context.publish(later, 0, ['first', 'second']);
    await reader.consumer.subscribe([topic, later]);
    await context.seenUpTo(reader, { topic: later, partition: 0 }, 2);
    expect(values(reader.seen.records)).toEqual(['first', 'second']);
  });

  test('a topic without offsets begins at its first record for a member that joins a group which has some', async () => {
    const client = await context.client();
    const [topic, later] = [await context.topic(client), context.name('later')];
    const group = context.name('group');
    const at = { topic, partition: 0 };
    const first = await context.start(client, group, [topic], { startFrom: 'latest' });
    await context.eventually('the start', () => first.seen.nextOffset(at) === 0);
    await first.consumer.commit([{ ...at, epoch: first.seen.epoch(at), offset: 0 }]);
    await client.connection.admin.createTopics([{ name: later, partitions: 1 }]);
    await context.publish(later, 0, ['first']);
    const second = await context.start(client, group, [later], { startFrom: 'latest' });
    await context.seenUpTo(second, { topic: later, partition: 0 }, 1);
    expect(values(second.seen.records)).toEqual(['first']);
    // The other's subscription is another: each has its own topic alone.
    await context.eventually('a topic each', () => first.seen.partitions.join() === `${topic}:0`);
    expect(second.seen.partitions).toEqual([`${later}:0`]);
  });

  test('members of a new group that start together at latest read nothing of before, whoever commits first', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 4);
    const group = context.name('group');
    for (let partition = 0; partition < 4; partition++) await context.publish(topic, partition, ['before']);
    const members = await Promise.all(
      [0, 1].map(() => context.start(client, group, [topic], { startFrom: 'latest' })),
    );
    for (const { consumer, seen } of members) {
      seen.onBatch = ({ topic: of, partition, epoch, nextOffset }) =>
        setup.clock.defer(() => {
          consumer.commit([{ topic: of, partition, epoch, offset: nextOffset }]).catch(() => {});
        });
    }
    const hasRead = (partition: number): boolean =>
      members.some(({ seen }) => (seen.nextOffset({ topic, partition }) ?? 0) >= 1);
    await context.eventually('every start', () => [0, 1, 2, 3].every(hasRead));
    await delay(setup.clock, setup.quietMs);
    expect(members.flatMap(({ seen }) => seen.records)).toEqual([]);
  });

  can(setup.forgetGroup)(
    'a group whose offsets have expired is a new one: startFrom says where it begins',
    async () => {
      const client = await context.client();
      const topic = await context.topic(client);
      const group = context.name('group');
      const at = { topic, partition: 0 };
      await context.publish(topic, 0, ['0', '1']);
      const first = await context.start(client, group, [topic], { startFrom: 'latest' });
      await context.eventually('the start', () => first.seen.nextOffset(at) === 2);
      await first.consumer.commit([{ ...at, epoch: first.seen.epoch(at), offset: 2 }]);
      await first.consumer.stop();
      await context.publish(topic, 0, ['2']);
      await setup.forgetGroup?.(group);
      const [latest, earliest] = [
        await context.start(client, group, [topic], { startFrom: 'latest' }),
        await context.start(client, context.name('group'), [topic], { startFrom: 'earliest' }),
      ];
      await context.eventually('the start', () => latest.seen.nextOffset(at) === 3);
      await context.seenUpTo(earliest, at, 3);
      expect(latest.seen.records).toEqual([]);
    },
  );

  for (const startFrom of ['earliest', 'latest', { timestamp: Date.now() + 3_600_000 }] as const) {
    const label = typeof startFrom === 'string' ? startFrom : 'a time';
    can(setup.deleteRecords)(
      `unread records that have expired are announced, and what is left is read: startFrom ${label}`,
      async () => {
        const client = await context.client();
        const topic = await context.topic(client);
        const group = context.name('group');
        const at = { topic, partition: 0 };
        await context.publish(topic, 0, numbers(0, 6));
        await client.connection.admin.resetOffsets(group, [{ ...at, offset: 1 }]);
        await setup.deleteRecords?.(topic, 0, 4);
        const reader = await context.start(client, group, [topic], { startFrom });
        await context.seenUpTo(reader, at, 6);
        expect(reader.seen.offsets(at)).toEqual([4, 5]);
        expect(client.events).toContainEqual({ type: 'offset-reset', ...at, from: 1, to: 4 });
      },
    );

    test(`an offset beyond the end is announced, and nothing of the topic is skipped: startFrom ${label}`, async () => {
      const client = await context.client();
      const topic = await context.topic(client);
      const group = context.name('group');
      const at = { topic, partition: 0 };
      await context.publish(topic, 0, numbers(0, 3));
      await client.connection.admin.resetOffsets(group, [{ ...at, offset: 100 }]);
      const reader = await context.startReading(client, group, [topic], { startFrom });
      // A client may learn of it with the first record only.
      await context.publish(topic, 0, ['3']);
      await context.seenUpTo(reader, at, 4);
      expect(reader.seen.offsets(at)).toEqual([0, 1, 2, 3]);
      expect(client.events).toContainEqual({ type: 'offset-reset', ...at, from: 100, to: 0 });
    });
  }

  if (setup.deleteRecords !== undefined) {
    for (const committed of [1, undefined]) {
      const begins = committed === undefined ? 'a new group' : 'a group that has not read it';
      context.unless('expiredTails')(
        `where all of a partition has expired, ${begins} begins with a batch without records, so that its lag ends`,
        async () => {
          const client = await context.client();
          const topic = await context.topic(client);
          const group = context.name('group');
          const at = { topic, partition: 0 };
          await context.publish(topic, 0, numbers(0, 6));
          if (committed !== undefined) {
            await client.connection.admin.resetOffsets(group, [{ ...at, offset: committed }]);
          }
          await setup.deleteRecords?.(topic, 0, 6);
          const reader = await context.start(client, group, [topic]);
          await context.eventually('the end', () => reader.seen.nextOffset(at) === 6);
          expect(reader.seen.offsets(at)).toEqual([]);
          await reader.consumer.commit([{ ...at, epoch: reader.seen.epoch(at), offset: 6 }]);
          expect(await client.connection.admin.committed(group, topic)).toEqual([6]);
        },
      );
    }

    context.unless('expiredTails')(
      'and where it expires behind what was read, it goes on with one',
      async () => {
        const client = await context.client();
        const topic = await context.topic(client);
        const at = { topic, partition: 0 };
        await context.publish(topic, 0, numbers(0, 3));
        const reader = await context.start(client, context.name('group'), [topic]);
        await context.seenUpTo(reader, at, 3);
        reader.consumer.pause([at]);
        await context.publish(topic, 0, numbers(3, 6));
        await setup.deleteRecords?.(topic, 0, 6);
        reader.consumer.resume([at]);
        await context.eventually('the end', () => reader.seen.nextOffset(at) === 6);
      },
    );
  }

  test('a seek beyond the end is announced, and nothing of the topic is skipped', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const at = { topic, partition: 0 };
    await context.publish(topic, 0, numbers(0, 3));
    const { consumer, seen } = await context.startReading(client, context.name('group'), [topic], {
      startFrom: 'latest',
    });
    await context.eventually('the start', () => seen.nextOffset(at) === 3);
    seen.moved(at, consumer.seek(at, 50));
    await context.eventually('the records', () => seen.records.length >= 3);
    expect(seen.offsets(at)).toEqual([0, 1, 2]);
    expect(client.events).toContainEqual({ type: 'offset-reset', ...at, from: 50, to: 0 });
  });

  test('an empty topic begins where its first record will be, and that one is read', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 2);
    const readers = [
      await context.startReading(client, context.name('group'), [topic], { startFrom: 'earliest' }),
      await context.startReading(client, context.name('group'), [topic], { startFrom: 'latest' }),
    ];
    await delay(setup.clock, setup.quietMs);
    await context.publish(topic, 1, ['first']);
    for (const reader of readers) {
      await context.seenUpTo(reader, { topic, partition: 1 }, 1);
      expect(values(reader.seen.records)).toEqual(['first']);
      expect(reader.seen.failures).toEqual([]);
    }
  });
}
