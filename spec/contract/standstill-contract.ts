import { delay } from '../../lib/base/clock.js';
import type { RecordingConsumer } from './contract-client.js';
import { type ContractContext, record, values } from './contract-context.js';

/** A partition that stands still for a cause outside looks like one whose topic is empty: drivers tell the two apart. */
export function standstillContract(context: ContractContext): void {
  const { setup } = context;
  const supported = context.unless('standstills');
  const openTransaction = async (topic: string, ...records: Parameters<typeof record>[]) => {
    const end = await setup.openTransaction?.(
      topic,
      records.map(one => record(...one)),
    );
    if (end === undefined) throw new Error('a driver that tells of transactions is tried with one');
    return end;
  };
  const told = ({ consumer }: RecordingConsumer) => consumer.standstills?.() ?? [];
  const { elapsed } = setup.clock;

  supported(
    "a partition behind another producer's open transaction is told: where, since when, how much is behind",
    async () => {
      const client = await context.client();
      const topic = await context.topic(client, 2);
      await context.publish(topic, 0, ['a', 'b']);
      await context.publish(topic, 1, ['x']);
      const reader = await context.startReading(client, context.name('group'), [topic]);
      await context.seenUpTo(reader, { topic, partition: 0 }, 2);
      await context.seenUpTo(reader, { topic, partition: 1 }, 1);
      expect(told(reader)).toEqual([]);
      const before = elapsed();
      const end = await openTransaction(topic, [0, 'open']);
      await context.publish(topic, 0, ['behind']);
      await context.eventually('all of it to be told', () => told(reader)[0]?.records === 2);
      const [first] = told(reader);
      expect(told(reader)).toEqual([
        { topic, partition: 0, cause: 'open-transaction', offset: 2, records: 2, since: expect.any(Number) },
      ]);
      expect(first?.since).toBeGreaterThanOrEqual(before);
      expect(first?.since).toBeLessThanOrEqual(elapsed());
      // It goes on counting from then, whatever comes behind.
      await context.publish(topic, 0, ['behind too']);
      await context.publish(topic, 1, ['y']);
      await context.seenUpTo(reader, { topic, partition: 1 }, 2);
      await context.eventually('what came behind', () => told(reader)[0]?.records === 3);
      expect(told(reader)).toEqual([{ ...first, records: 3 }]);
      expect(reader.seen.offsets({ topic, partition: 0 })).toEqual([0, 1]);
      await end('commit');
      // The marker takes an offset too.
      await context.seenUpTo(reader, { topic, partition: 0 }, 6);
      expect(told(reader)).toEqual([]);
      const read = reader.seen.records.filter(({ partition }) => partition === 0);
      expect(values(read)).toEqual(['a', 'b', 'open', 'behind', 'behind too']);
    },
  );

  supported(
    'each transaction counts for itself: readers that get past one stand before the next',
    async () => {
      const client = await context.client();
      const topic = await context.topic(client);
      const at = { topic, partition: 0 };
      const endFirst = await openTransaction(topic, [0, 'a']);
      const endSecond = await openTransaction(topic, [0, 'b']);
      const reader = await context.startReading(client, context.name('group'), [topic]);
      await context.eventually('the first', () => told(reader)[0]?.offset === 0);
      await delay(setup.clock, setup.quietMs);
      const ended = elapsed();
      await endFirst('abort');
      await context.seenUpTo(reader, at, 1);
      await context.eventually('the second', () => told(reader)[0]?.offset === 1);
      const [second] = told(reader);
      expect(second?.since).toBeGreaterThanOrEqual(ended);
      await endSecond('abort');
      await context.seenUpTo(reader, at, 4);
      expect(told(reader)).toEqual([]);
    },
  );

  supported('a paused partition does not stand still, and one that goes on before it ends does', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const at = { topic, partition: 0 };
    const reader = await context.startReading(client, context.name('group'), [topic]);
    const end = await openTransaction(topic, [0, 'open']);
    await context.eventually('it to be told', () => told(reader).length === 1);
    reader.consumer.pause([at]);
    expect(told(reader)).toEqual([]);
    reader.consumer.resume([at]);
    await context.eventually('it to be told again', () => told(reader).length === 1);
    await end('abort');
    await context.seenUpTo(reader, at, 2);
    expect(told(reader)).toEqual([]);
  });

  supported('who reads uncommitted records stands before no transaction', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const reader = await context.start(client, context.name('group'), [topic], { readCommitted: false });
    const end = await openTransaction(topic, [0, 'open']);
    await context.seenUpTo(reader, { topic, partition: 0 }, 1);
    await delay(setup.clock, setup.quietMs);
    expect(told(reader)).toEqual([]);
    await end('abort');
  });

  supported('a member that has stopped tells of nothing', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const reader = await context.startReading(client, context.name('group'), [topic]);
    const end = await openTransaction(topic, [0, 'open']);
    await context.eventually('it to be told', () => told(reader).length === 1);
    await reader.consumer.stop();
    expect(told(reader)).toEqual([]);
    await end('abort');
  });

  supported('partitions for which no broker answers are told too, until one does', async () => {
    if (setup.outage === undefined) return;
    const client = await context.client();
    const topic = await context.topic(client);
    const at = { topic, partition: 0 };
    await context.publish(topic, 0, ['a']);
    const reader = await context.startReading(client, context.name('group'), [topic]);
    await context.seenUpTo(reader, at, 1);
    try {
      setup.outage();
      const stopped = elapsed();
      await context.eventually('it to be told', () => told(reader)[0]?.cause === 'unanswered');
      const [standstill] = told(reader);
      expect(standstill).toMatchObject({ ...at, offset: 1, records: 0 });
      expect(standstill?.since).toBeLessThanOrEqual(stopped + setup.quietMs);
    } finally {
      setup.endOutage?.();
    }
    await context.publish(topic, 0, ['b']);
    await context.seenUpTo(reader, at, 2);
    expect(told(reader)).toEqual([]);
  });
}
