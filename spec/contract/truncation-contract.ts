import type { CommittedPartition } from '../../lib/drivers/port.js';
import { type ContractContext, numbers, values } from './contract-context.js';

/** A log that lost records which were read: put back from an older copy, or of a leader that never had them. It has grown since. */
export function truncationContract(context: ContractContext): void {
  const { setup } = context;
  const truncated = setup.copyLog === undefined ? test.skip : context.unless('truncations');

  /** The cluster may have begun to answer only just now. */
  const publish = (topic: string, of: readonly string[]): Promise<void> =>
    context.eventually('the records to be taken', async () => {
      try {
        await context.publish(topic, 0, of);
        return true;
      } catch {
        return false;
      }
    });

  async function world() {
    const client = await context.client();
    const topic = await context.topic(client);
    const group = context.name('group');
    await publish(topic, numbers(0, 5));
    const putBack = await setup.copyLog?.(topic, 0);
    await publish(topic, ['lost 5', 'lost 6', 'lost 7']);
    const at = { topic, partition: 0 };
    return { client, topic, group, at, putBack: async () => putBack?.() };
  }
  const resets = ({ events }: { readonly events: readonly { readonly type: string }[] }) =>
    events.filter(({ type }) => type === 'offset-reset');

  truncated(
    'while nobody read is read from the first offset on that differs, which is announced',
    async () => {
      const { client, topic, group, at, putBack } = await world();
      const first = await context.start(client, group, [topic]);
      await context.seenUpTo(first, at, 8);
      await first.consumer.commit([{ ...at, epoch: first.seen.epoch(at), offset: 8, metadata: 'm' }]);
      await first.consumer.stop();
      await putBack();
      await publish(topic, numbers(5, 15));
      const asked: CommittedPartition[] = [];
      const second = await context.start(client, group, [topic], {
        resumeAt: async partitions => {
          asked.push(...partitions);
          return [];
        },
      });
      await context.seenUpTo(second, at, 15);
      expect(values(second.seen.records)).toEqual(numbers(5, 15));
      expect(resets(client)).toEqual([{ type: 'offset-reset', ...at, from: 8, to: 5, truncated: true }]);
      // The app is told what of it is lost, before anything is handed out.
      expect(asked.map(({ offset, metadata, truncatedAt }) => [offset, metadata, truncatedAt])).toEqual([
        [8, 'm', undefined],
        [5, 'm', 5],
      ]);
      await second.consumer.commit([{ ...at, epoch: second.seen.epoch(at), offset: 15 }]);
      await second.consumer.stop();
      // Once only.
      await publish(topic, ['last']);
      const third = await context.start(client, group, [topic]);
      await context.seenUpTo(third, at, 16);
      expect(values(third.seen.records)).toEqual(['last']);
      expect(resets(client)).toHaveLength(1);
    },
  );

  truncated('while it is read goes on at the first offset that differs, in another epoch', async () => {
    const { client, topic, group, at, putBack } = await world();
    const { consumer, seen } = await context.start(client, group, [topic]);
    await context.seenUpTo({ consumer, seen }, at, 8);
    const epoch = seen.epoch(at);
    await consumer.commit([{ ...at, epoch, offset: 8 }]);
    await putBack();
    await publish(topic, numbers(5, 15));
    await context.eventually('the new records', () => values(seen.records).includes('14'));
    expect(values(seen.records).slice(8)).toEqual(numbers(5, 15));
    expect(seen.epoch(at)).toBeGreaterThan(epoch);
    expect(resets(client)).toEqual([{ type: 'offset-reset', ...at, from: 8, to: 5, truncated: true }]);
  });

  truncated('what was handed out below it and is not committed comes again', async () => {
    const { client, topic, group, at, putBack } = await world();
    const { consumer, seen } = await context.start(client, group, [topic]);
    await context.seenUpTo({ consumer, seen }, at, 8);
    await consumer.commit([{ ...at, epoch: seen.epoch(at), offset: 3 }]);
    await putBack();
    await publish(topic, numbers(5, 15));
    await context.eventually('the new records', () => values(seen.records).includes('14'));
    expect(values(seen.records).slice(8)).toEqual(numbers(3, 15));
  });

  truncated('where it has not grown yet is noticed as well, and nothing is read twice', async () => {
    const { client, topic, group, at, putBack } = await world();
    const first = await context.start(client, group, [topic]);
    await context.seenUpTo(first, at, 8);
    await first.consumer.commit([{ ...at, epoch: first.seen.epoch(at), offset: 8 }]);
    await first.consumer.stop();
    await putBack();
    const second = await context.start(client, group, [topic]);
    await context.eventually('the event', () => resets(client).length > 0);
    await publish(topic, ['new']);
    await context.seenUpTo(second, at, 6);
    expect(values(second.seen.records)).toEqual(['new']);
    expect(resets(client)).toEqual([{ type: 'offset-reset', ...at, from: 8, to: 5, truncated: true }]);
  });
}
