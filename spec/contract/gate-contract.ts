import { delay } from '../../lib/base/clock.js';
import type { AssignedPartition } from '../../lib/drivers/port.js';
import { KafkaRxError } from '../../lib/errors/errors.js';
import { type ContractContext, numbers } from './contract-context.js';

/** One asking of a gate, for the test to answer. */
interface Asking extends AssignedPartition {
  readonly open: () => void;
  readonly refuse: (error: unknown) => void;
}

/** Gates that a test holds: those of these partitions are pending until it answers, the others are open. */
class HeldGates {
  readonly askings: Asking[] = [];
  readonly #held: readonly number[];

  constructor(...held: number[]) {
    this.#held = held;
  }

  readonly ready = (at: AssignedPartition): Promise<void> | undefined => {
    let asking: Asking | undefined;
    const opening = new Promise<void>((open, refuse) => {
      asking = { ...at, open, refuse };
    });
    if (asking !== undefined) this.askings.push(asking);
    return this.#held.includes(at.partition) ? opening : undefined;
  };

  of(partition: number): Asking[] {
    return this.askings.filter(one => one.partition === partition);
  }

  last(partition: number): Asking {
    const found = this.of(partition).at(-1);
    if (found === undefined) throw new Error(`nobody has asked for the gate of ${partition}`);
    return found;
  }
}

/** What is to be ready before a partition is looked up, such as the unit of work of its task, which ends the former owner's. */
export function gateContract(context: ContractContext): void {
  const { setup } = context;
  const can = <T>(capability: T | undefined) => (capability === undefined ? test.skip : test);
  const quiet = () => delay(setup.clock, setup.quietMs);

  test('a gate is asked once after `assigned`, within no call; while it is pending its partition stands still and the others go on', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 3);
    for (const partition of [0, 1, 2]) await context.publish(topic, partition, numbers(0, 3));
    const gates = new HeldGates(1);
    const toldBefore: boolean[] = [];
    const resumed: number[] = [];
    const reader = context.reader(client, context.name('group'), [topic], {
      ready: at => {
        toldBefore.push(!client.calls.inside && reader.seen.epoch(at) === at.epoch);
        return at.partition === 2 ? Promise.resolve() : gates.ready(at);
      },
      resumeAt: async partitions => {
        resumed.push(...partitions.map(({ partition }) => partition));
        return [];
      },
    });
    await reader.consumer.start();
    for (const partition of [0, 2]) await context.seenUpTo(reader, { topic, partition }, 3);
    for (const partition of [0, 2]) await context.publish(topic, partition, ['3']);
    for (const partition of [0, 2]) await context.seenUpTo(reader, { topic, partition }, 4);
    await quiet();
    expect(reader.seen.offsets({ topic, partition: 1 })).toEqual([]);
    expect([...resumed].sort()).toEqual([0, 2]);
    gates.last(1).open();
    await context.seenUpTo(reader, { topic, partition: 1 }, 3);
    expect([...resumed].sort()).toEqual([0, 1, 2]);
    expect(toldBefore).toEqual([true, true, true]);
  });

  can(setup.undecidedOffset)(
    'what is committed is looked up behind the gate: what came about meanwhile counts',
    async () => {
      const client = await context.client();
      const topic = await context.topic(client);
      const at = { topic, partition: 0 };
      await context.publish(topic, 0, numbers(0, 5));
      const group = context.name('group');
      const gates = new HeldGates(0);
      const reader = await context.start(client, group, [topic], { ready: gates.ready });
      await context.eventually('the question', () => gates.of(0).length === 1);
      await quiet();
      const end = await setup.undecidedOffset?.(group, at, 3);
      await end?.('commit');
      await context.eventually('the offset', async () => {
        return (await client.connection.admin.committed(group, topic))[0] === 3;
      });
      gates.last(0).open();
      await context.seenUpTo(reader, at, 5);
      expect(reader.seen.offsets(at)).toEqual([3, 4]);
    },
  );

  test('a gate that is refused for now is asked again, which is told, and the others do not wait for it', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 2);
    for (const partition of [0, 1]) await context.publish(topic, partition, numbers(0, 3));
    const gates = new HeldGates(0);
    const reader = await context.startReading(client, context.name('group'), [topic], { ready: gates.ready });
    await context.seenUpTo(reader, { topic, partition: 1 }, 3);
    gates.last(0).refuse(new KafkaRxError('COMMIT_FAILED', 'not now', { retriable: true }));
    await context.eventually('the second question', () => gates.of(0).length === 2);
    await context.publish(topic, 1, ['3']);
    await context.seenUpTo(reader, { topic, partition: 1 }, 4);
    expect(gates.last(0).epoch).toBe(reader.seen.epoch({ topic, partition: 0 }));
    expect(reader.seen.offsets({ topic, partition: 0 })).toEqual([]);
    gates.last(0).open();
    await context.seenUpTo(reader, { topic, partition: 0 }, 3);
    const retries = client.events.filter(({ type }) => type === 'retrying');
    expect(retries).toContainEqual(
      expect.objectContaining({ what: `gate of ${topic}-0`, attempt: 1, reason: 'not now' }),
    );
    expect(gates.of(1)).toHaveLength(1);
  });

  for (const [kind, error, code] of [
    ['refused for good', new KafkaRxError('COMMIT_REFUSED', 'another has it'), 'COMMIT_REFUSED'],
    ['that breaks', new TypeError('a fault of the app'), 'DRIVER'],
  ] as const) {
    test(`a gate ${kind} ends the consumer with the error`, async () => {
      const client = await context.client();
      const topic = await context.topic(client, 2);
      const gates = new HeldGates(0);
      await context.publish(topic, 0, numbers(0, 3));
      const { seen } = await context.start(client, context.name('group'), [topic], { ready: gates.ready });
      await context.eventually('the question', () => gates.of(0).length === 1);
      gates.last(0).refuse(error);
      await context.eventually('the failure', () => seen.failures.length > 0);
      await quiet();
      expect(seen.failures).toMatchObject([{ code }]);
      expect(seen.batches).toEqual([]);
    });
  }

  test('a rebalance does not wait for a gate; the next epoch asks for its own, and what becomes of the old one is nothing to it', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 2);
    const group = context.name('group');
    for (const partition of [0, 1]) await context.publish(topic, partition, numbers(0, 3));
    const gates = new HeldGates(0, 1);
    const first = await context.start(client, group, [topic], { ready: gates.ready });
    await context.eventually('both questions', () => gates.askings.length === 2);
    const old = [...gates.askings];
    const second = await context.start(client, group, [topic]);
    await context.eventually('the next question', () => gates.askings.length === 3);
    const [mine] = first.seen.assignment;
    const [theirs] = second.seen.assignment;
    if (mine === undefined || theirs === undefined) throw new Error('each has one');
    await context.seenUpTo(second, theirs, 3);
    const [before, other] = old;
    before?.open();
    other?.refuse(new KafkaRxError('COMMIT_REFUSED', 'too late'));
    await quiet();
    expect(first.seen.batches).toEqual([]);
    expect(first.seen.failures).toEqual([]);
    expect(gates.last(mine.partition)).toMatchObject({ partition: mine.partition, epoch: mine.epoch });
    gates.last(mine.partition).open();
    await context.seenUpTo(first, mine, 3);
    expect(gates.askings).toHaveLength(3);
  });

  test('a seek while a gate is pending decides where it begins, and not when', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const at = { topic, partition: 0 };
    await context.publish(topic, 0, numbers(0, 5));
    const gates = new HeldGates(0);
    const { consumer, seen } = await context.start(client, context.name('group'), [topic], {
      ready: gates.ready,
    });
    await context.eventually('the question', () => gates.of(0).length === 1);
    seen.moved(at, consumer.seek(at, 3));
    await quiet();
    expect(seen.batches).toEqual([]);
    gates.last(0).open();
    await context.seenUpTo({ consumer, seen }, at, 5);
    expect(seen.offsets(at)).toEqual([3, 4]);
    expect(gates.askings).toHaveLength(1);
  });

  test('stop does not wait for a gate, nor is anything told of it afterwards', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    await context.publish(topic, 0, numbers(0, 3));
    const gates = new HeldGates(0);
    const { consumer, seen } = await context.start(client, context.name('group'), [topic], {
      ready: gates.ready,
    });
    await context.eventually('the question', () => gates.of(0).length === 1);
    await consumer.stop();
    gates.last(0).refuse(new KafkaRxError('COMMIT_REFUSED', 'too late'));
    await quiet();
    expect([seen.failures, seen.batches]).toEqual([[], []]);
  });

  (setup.undecidedOffset === undefined ? test.skip : context.unless('stableOffsets'))(
    'an offset that a transaction still holds is waited for, which is told, and the other partitions do not wait',
    async () => {
      const client = await context.client();
      const topic = await context.topic(client, 2);
      const group = context.name('group');
      const at = { topic, partition: 0 };
      for (const partition of [0, 1]) await context.publish(topic, partition, numbers(0, 5));
      const first = await context.start(client, group, [topic]);
      await first.consumer.commit([{ ...at, epoch: first.seen.epoch(at), offset: 1 }]);
      await first.consumer.stop();
      const end = await setup.undecidedOffset?.(group, at, 3);
      const second = await context.start(client, group, [topic]);
      await context.seenUpTo(second, { topic, partition: 1 }, 5);
      await context.publish(topic, 1, ['5']);
      await context.seenUpTo(second, { topic, partition: 1 }, 6);
      await quiet();
      expect(second.seen.offsets(at)).toEqual([]);
      expect(client.events).toContainEqual(
        expect.objectContaining({ type: 'retrying', what: `committed offset of ${topic}-0` }),
      );
      // Who only looks does not wait.
      expect(await client.connection.admin.committed(group, topic)).toEqual([1, -1]);
      await end?.('commit');
      await context.seenUpTo(second, at, 5);
      expect(second.seen.offsets(at)).toEqual([3, 4]);
    },
  );

  (setup.undecidedOffset === undefined ? test.skip : context.unless('stableOffsets'))(
    'where the transaction is aborted, what was committed before counts',
    async () => {
      const client = await context.client();
      const topic = await context.topic(client);
      const group = context.name('group');
      const at = { topic, partition: 0 };
      await context.publish(topic, 0, numbers(0, 5));
      const first = await context.start(client, group, [topic]);
      await first.consumer.commit([{ ...at, epoch: first.seen.epoch(at), offset: 1 }]);
      await first.consumer.stop();
      const end = await setup.undecidedOffset?.(group, at, 3);
      const second = await context.start(client, group, [topic]);
      await context.eventually('it to wait', () => client.events.some(({ type }) => type === 'retrying'));
      await end?.('abort');
      await context.seenUpTo(second, at, 5);
      expect(second.seen.offsets(at)).toEqual([1, 2, 3, 4]);
    },
  );
}
