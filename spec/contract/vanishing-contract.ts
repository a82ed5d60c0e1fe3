import { delay } from '../../lib/base/clock.js';
import type { CommittedPartition } from '../../lib/drivers/port.js';
import { noHeaders } from '../../lib/record/headers.js';
import { type ContractContext, numbers, values } from './contract-context.js';

/** Topics that are deleted, and topics that are made anew under the name of another. */
export function vanishingContract(context: ContractContext): void {
  const { setup } = context;
  const deleted = setup.deleteTopic === undefined ? test.skip : context.unless('vanishingTopics');
  const madeAnew = setup.deleteTopic === undefined ? test.skip : context.unless('topicIds');

  const remove = async (client: Awaited<ReturnType<typeof context.client>>, topic: string): Promise<void> => {
    await setup.deleteTopic?.(topic);
    await context.eventually(
      'the topic to be gone',
      async () => (await client.connection.topics([topic])).length === 0,
    );
  };
  const create = (client: Awaited<ReturnType<typeof context.client>>, name: string, partitions = 1) =>
    // A cluster may say no for a moment while it still deletes.
    context.eventually('the topic to be there again', async () => {
      await client.connection.admin.createTopics([{ name, partitions }]).catch(() => {});
      return (await client.connection.topics([name])).length === 1;
    });

  deleted(
    'a commit of a partition whose topic is gone is dropped and told; the others of it are stored',
    async () => {
      const client = await context.client();
      const [gone, stays] = [await context.topic(client), await context.topic(client)];
      const group = context.name('group');
      for (const topic of [gone, stays]) await context.publish(topic, 0, numbers(0, 3));
      const { consumer, seen } = await context.start(client, group, [gone, stays]);
      for (const topic of [gone, stays])
        await context.seenUpTo({ consumer, seen }, { topic, partition: 0 }, 3);
      const offsets = [gone, stays].map(topic => {
        const at = { topic, partition: 0 };
        return { ...at, epoch: seen.epoch(at), offset: 3 };
      });
      await remove(client, gone);
      let refused = false;
      // Refused where the group has let go of the topic already: then the other is committed alone.
      await consumer.commit(offsets).catch(async error => {
        refused = true;
        expect(error).toMatchObject({ code: 'COMMIT_REFUSED' });
        const at = { topic: stays, partition: 0 };
        await consumer.commit([{ ...at, epoch: seen.epoch(at), offset: 3 }]);
      });
      expect(await client.connection.admin.committed(group, stays)).toEqual([3]);
      const told = client.events.filter(({ type }) => type === 'commit-dropped');
      const of = { type: 'commit-dropped', topic: gone, partition: 0, offset: 3 };
      expect(told).toEqual(refused ? [] : [of]);
    },
  );

  deleted('a drain with work of a topic that is gone ends at once', async () => {
    const client = await context.client();
    const [gone, stays] = [await context.topic(client), await context.topic(client)];
    for (const topic of [gone, stays]) await context.publish(topic, 0, numbers(0, 3));
    const { consumer, seen } = await context.start(client, context.name('group'), [gone, stays]);
    for (const topic of [gone, stays]) await context.seenUpTo({ consumer, seen }, { topic, partition: 0 }, 3);
    let drains = 0;
    let tookMs = 0;
    seen.onRevoking = async partitions => {
      const since = setup.clock.elapsed();
      await consumer.commit(partitions.map(at => ({ ...at, offset: 3 }))).catch(() => {});
      tookMs = Math.max(tookMs, setup.clock.elapsed() - since);
      drains++;
    };
    await remove(client, gone);
    await consumer.subscribe([stays]);
    await context.eventually('the rest', () => seen.partitions.join() === `${stays}:0`);
    await context.publish(stays, 0, ['3']);
    await context.seenUpTo({ consumer, seen }, { topic: stays, partition: 0 }, 4);
    expect(seen.failures).toEqual([]);
    if (drains > 0) expect(tookMs).toBeLessThan(setup.rebalanceTimeoutMs / 2);
  });

  deleted('a topic that is deleted leaves the others of its member to be read', async () => {
    const client = await context.client();
    const [gone, stays] = [await context.topic(client), await context.topic(client)];
    const reader = await context.startReading(client, context.name('group'), [gone, stays]);
    await remove(client, gone);
    await context.publish(stays, 0, numbers(0, 3));
    await context.seenUpTo(reader, { topic: stays, partition: 0 }, 3);
    await context.eventually('word of it', () =>
      client.events.some(event => event.type === 'topic-gone' && event.topic === gone),
    );
    expect(reader.seen.failures).toEqual([]);
  });

  madeAnew('a topic made anew while it is read goes on at its first record, in another epoch', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const at = { topic, partition: 0 };
    await context.publish(topic, 0, numbers(0, 5));
    const { consumer, seen } = await context.start(client, context.name('group'), [topic], {
      startFrom: 'latest',
    });
    await context.eventually('the start', () => seen.nextOffset(at) === 5);
    const before = seen.epoch(at);
    await remove(client, topic);
    await create(client, topic);
    await context.publish(topic, 0, ['new 0', 'new 1']);
    await context.eventually('the new records', () => seen.records.length >= 2);
    expect(values(seen.records)).toEqual(['new 0', 'new 1']);
    expect(seen.epoch(at)).toBeGreaterThan(before);
    await consumer.stop();
  });

  madeAnew('an offset of a topic that was is none of the one made anew under its name', async () => {
    const client = await context.client();
    const [topic, other] = [await context.topic(client), await context.topic(client)];
    const group = context.name('group');
    const at = { topic, partition: 0 };
    await context.publish(topic, 0, numbers(0, 5));
    const first = await context.start(client, group, [topic, other]);
    await context.seenUpTo(first, at, 5);
    const beside = { topic: other, partition: 0 };
    await first.consumer.commit([{ ...beside, epoch: first.seen.epoch(beside), offset: 0 }]);
    const offset = { ...at, epoch: first.seen.epoch(at), offset: 5, metadata: 'kafka-rx of the old one' };
    await remove(client, topic);
    await create(client, topic);
    await context.publish(topic, 0, numbers(0, 8));
    // What a drain commits: whatever becomes of it, it says nothing of the new topic.
    await first.consumer.commit([offset]).catch(() => {});
    await first.consumer.stop();
    const asked: CommittedPartition[] = [];
    const second = await context.start(client, group, [topic], {
      startFrom: 'latest',
      resumeAt: async partitions => {
        asked.push(...partitions);
        return [];
      },
    });
    await context.seenUpTo(second, at, 8);
    expect(second.seen.offsets(at)).toEqual(numbers(0, 8).map(Number));
    const [{ id: topicId } = { id: '' }] = await client.connection.topics([topic]);
    expect(asked).toMatchObject([{ topicId, offset: undefined, metadata: '' }]);
  });

  madeAnew(
    'where a topic made anew begins is asked for anew, with its own id, and so are its batches',
    async () => {
      const client = await context.client();
      const topic = await context.topic(client);
      const at = { topic, partition: 0 };
      await context.publish(topic, 0, numbers(0, 5));
      const idNow = async () => (await client.connection.topics([topic]))[0]?.id ?? '';
      const asked: CommittedPartition[] = [];
      const old = await idNow();
      const { consumer, seen } = await context.start(client, context.name('group'), [topic], {
        resumeAt: async partitions => {
          asked.push(...partitions);
          return partitions.map(({ topicId }) => (topicId === old ? 2 : 1));
        },
      });
      await context.eventually('the old records', () => seen.records.length >= 3);
      const before = seen.epoch(at);
      await remove(client, topic);
      await create(client, topic);
      await context.publish(topic, 0, ['new 0', 'new 1', 'new 2']);
      await context.eventually('the new records', () => seen.records.length >= 5);
      const anew = await idNow();
      expect(values(seen.records)).toEqual(['2', '3', '4', 'new 1', 'new 2']);
      expect(new Set(asked.map(({ topicId }) => topicId))).toEqual(new Set([old, anew]));
      const idsOf = (epoch: number) =>
        seen.batches.filter(one => one.epoch === epoch).map(one => one.topicId);
      expect(new Set(idsOf(before))).toEqual(new Set([old]));
      expect(new Set(idsOf(seen.epoch(at)))).toEqual(new Set([anew]));
      await consumer.stop();
    },
  );

  madeAnew('so is one that was made anew before anything of the old one was read', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const at = { topic, partition: 0 };
    const asked: CommittedPartition[] = [];
    const { consumer, seen } = await context.start(client, context.name('group'), [topic], {
      resumeAt: async partitions => {
        asked.push(...partitions);
        return partitions.map(() => (asked.length === 1 ? undefined : 1));
      },
    });
    await context.eventually('the question', () => asked.length === 1);
    await delay(setup.clock, setup.quietMs);
    await remove(client, topic);
    await create(client, topic);
    await context.publish(topic, 0, ['new 0', 'new 1']);
    await context.seenUpTo({ consumer, seen }, at, 2);
    expect(values(seen.records)).toEqual(['new 1']);
    expect(new Set(asked.map(({ topicId }) => topicId)).size).toBe(2);
    await consumer.stop();
  });

  madeAnew(
    'a topic made anew while nothing is fetched of it, and longer, is read from its first record',
    async () => {
      const client = await context.client();
      const topic = await context.topic(client);
      const at = { topic, partition: 0 };
      await context.publish(topic, 0, numbers(0, 3));
      const reader = await context.startReading(client, context.name('group'), [topic]);
      await context.seenUpTo(reader, at, 3);
      reader.consumer.pause([at]);
      // What comes of it is kept, and nothing more is asked for.
      await context.publish(topic, 0, ['3']);
      await delay(setup.clock, setup.quietMs);
      await remove(client, topic);
      await create(client, topic);
      await context.publish(topic, 0, ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
      reader.consumer.resume([at]);
      await context.eventually('the last', () => values(reader.seen.records).includes('h'));
      const read = values(reader.seen.records);
      expect(read.filter(text => /[a-h]/.test(text ?? ''))).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
      expect(reader.seen.failures).toEqual([]);
    },
  );

  madeAnew(
    'a topic made anew with fewer partitions costs neither the ones left nor the other topics',
    async () => {
      const client = await context.client();
      const [topic, other] = [await context.topic(client, 3), await context.topic(client)];
      for (const partition of [0, 1, 2]) await context.publish(topic, partition, ['old']);
      const { consumer, seen } = await context.start(client, context.name('group'), [topic, other]);
      for (const partition of [0, 1, 2]) await context.seenUpTo({ consumer, seen }, { topic, partition }, 1);
      await remove(client, topic);
      await create(client, topic, 1);
      await context.publish(topic, 0, ['new']);
      await context.publish(other, 0, ['other']);
      await context.eventually('both', () =>
        ['new', 'other'].every(value => values(seen.records).includes(value)),
      );
      await delay(setup.clock, setup.quietMs);
      expect(seen.failures).toEqual([]);
      expect(values(seen.records).filter(value => value === 'new')).toEqual(['new']);
    },
  );

  madeAnew(
    'an output made anew with fewer partitions has that many; what is for one that is no more is refused',
    async () => {
      const client = await context.client();
      const topic = await context.topic(client, 3);
      const producer = await client.producer([topic]);
      const told: string[] = [];
      const outputs = [0, 2].map(partition =>
        producer.output(
          { topic, partition },
          {
            acknowledged: count => told.push(`${partition}: ${count}`),
            refused: (count, { code }) => told.push(`${partition}: ${count} ${code}`),
          },
        ),
      );
      const append = (text: string) => {
        for (const output of outputs) output.append(null, Buffer.from(text), noHeaders, setup.clock.now());
      };
      append('old');
      await producer.flush();
      expect(told.splice(0).sort()).toEqual(['0: 1', '2: 1']);
      await remove(client, topic);
      await create(client, topic, 1);
      append('new');
      await producer.flush();
      expect(told.splice(0).sort()).toEqual(['0: 1', '2: 1 MISSING_TOPIC']);
      expect(producer.partitionCount(topic)).toBe(1);
    },
  );
}
