import { delay } from '../../lib/base/clock.js';
import { type ContractContext, numbers, record } from './contract-context.js';

/** That nothing more is there to be read: what whoever reads several partitions in the order of time has to know. */
export function caughtUpContract(context: ContractContext): void {
  const { setup } = context;
  const supported = context.unless('caughtUp');
  const quiet = () => delay(setup.clock, setup.quietMs);
  const hearsEnds = { hearsEnds: true };
  /** Where the test also needs something of the cluster. */
  const given = <T>(capability: T | undefined) => (capability === undefined ? test.skip : supported);

  supported('the end is told behind the last batch, and once until another one comes', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 2);
    const at = { topic, partition: 0 };
    const group = context.name('group');
    await context.publish(topic, 0, numbers(0, 3));
    const reader = await context.startReading(client, group, [topic], {}, hearsEnds);
    const { seen } = reader;
    const ends = (partition: number) =>
      seen.ends.filter(end => end.partition === partition).map(({ position }) => position);
    await context.eventually('both ends', () => ends(0).length > 0 && ends(1).length > 0);
    expect(seen.offsets(at)).toEqual([0, 1, 2]);
    await quiet();
    expect([ends(0), ends(1)]).toEqual([[3], [0]]);
    await context.publish(topic, 0, ['3']);
    await context.eventually('the next end', () => ends(0).length === 2);
    await quiet();
    expect([ends(0), ends(1)]).toEqual([[3, 4], [0]]);
  });

  supported(
    'it is told again after a seek, a rewind and a resume, and of a paused partition never',
    async () => {
      const client = await context.client();
      const topic = await context.topic(client);
      const at = { topic, partition: 0 };
      await context.publish(topic, 0, numbers(0, 3));
      const reader = await context.startReading(client, context.name('group'), [topic], {}, hearsEnds);
      const { consumer, seen } = reader;
      const told = (times: number) => context.eventually(`${times} ends`, () => seen.ends.length === times);
      await told(1);
      seen.moved(at, consumer.seek(at, 3));
      await told(2);
      for (const one of consumer.rewind([at])) seen.moved(one, one.epoch);
      await told(3);
      consumer.pause([at]);
      await context.publish(topic, 0, ['3']);
      await quiet();
      expect([seen.ends.length, seen.offsets(at).includes(3)]).toEqual([3, false]);
      seen.resumed(at);
      consumer.resume([at]);
      await context.seenUpTo(reader, at, 4);
      await told(4);
      consumer.pause([at]);
      consumer.resume([at]);
      seen.resumed(at);
      await told(5);
      expect(seen.ends.map(({ position }) => position)).toEqual([3, 3, 3, 4, 4]);
      expect(seen.ends.map(({ epoch }) => epoch).at(-1)).toBe(seen.epoch(at));
    },
  );

  given(setup.openTransaction)(
    'readers of committed records are at the end before a transaction that is open, and those of all records behind it',
    async () => {
      const client = await context.client();
      const topic = await context.topic(client);
      await context.publish(topic, 0, numbers(0, 2));
      const end = await setup.openTransaction?.(topic, [record(0, 'open')]);
      const committed = await context.startReading(client, context.name('group'), [topic], {}, hearsEnds);
      const readCommitted = false;
      const all = await context.startReading(
        client,
        context.name('all'),
        [topic],
        { readCommitted },
        hearsEnds,
      );
      const positions = () => [committed, all].map(({ seen }) => seen.ends.map(({ position }) => position));
      await context.eventually('both ends', () => positions().flat().length === 2);
      expect(positions()).toEqual([[2], [3]]);
      await end?.('commit');
      // The marker takes an offset.
      await context.eventually('the ends', () => positions().every(([, then]) => then === 4));
    },
  );

  given(setup.punchGap)('it is told where the last records are gone', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    await context.publish(topic, 0, numbers(0, 10));
    await setup.punchGap?.(topic, 0, 6, 10);
    const { seen } = await context.startReading(client, context.name('group'), [topic], {}, hearsEnds);
    await context.eventually('the end', () => seen.ends.length === 1);
    expect(seen.offsets({ topic, partition: 0 })).toEqual([0, 1, 2, 3, 4, 5]);
  });

  supported('nothing is said of a partition whose gate is pending', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 2);
    let open = (): void => {};
    const opening = new Promise<void>(resolve => {
      open = resolve;
    });
    const ready = ({ partition }: { readonly partition: number }) => (partition === 0 ? opening : undefined);
    const { seen } = await context.startReading(client, context.name('group'), [topic], { ready }, hearsEnds);
    await context.eventually('the end of the other', () => seen.ends.length === 1);
    await quiet();
    expect(seen.ends).toMatchObject([{ partition: 1, position: 0 }]);
    open();
    await context.eventually('its end', () => seen.ends.length === 2);
  });
}
