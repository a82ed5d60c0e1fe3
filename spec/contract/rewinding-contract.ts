import { delay } from '../../lib/base/clock.js';
import type { AssignedPartition, CommittedPartition } from '../../lib/drivers/port.js';
import { KafkaRxError } from '../../lib/errors/errors.js';
import { type ContractContext, numbers } from './contract-context.js';

/** Back to what is committed, without an assignment: what an aborted unit of work needs. */
export function rewindingContract(context: ContractContext): void {
  const { setup } = context;
  const quiet = () => delay(setup.clock, setup.quietMs);

  test('a rewound partition begins at what is committed, metadata and all, in a new epoch; the others go on', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 2);
    const [at, other] = [
      { topic, partition: 0 },
      { topic, partition: 1 },
    ];
    for (const partition of [0, 1]) await context.publish(topic, partition, numbers(0, 6));
    const asked: CommittedPartition[] = [];
    const gates: AssignedPartition[] = [];
    const reader = await context.start(client, context.name('group'), [topic], {
      ready: partition => void gates.push(partition),
      resumeAt: async partitions => {
        asked.push(...partitions);
        return [];
      },
    });
    const { consumer, seen } = reader;
    for (const partition of [0, 1]) await context.seenUpTo(reader, { topic, partition }, 6);
    const before = seen.epoch(at);
    // All of the other, so that a driver that does not read ahead has nothing to wait for.
    await consumer.commit([
      { ...at, epoch: before, offset: 4, metadata: 'm' },
      { ...other, epoch: seen.epoch(other), offset: 6 },
    ]);
    const begun = consumer.rewind([at]);
    expect(begun).toEqual([{ ...at, epoch: expect.any(Number) }]);
    const [{ epoch } = { epoch: -1 }] = begun;
    expect(epoch).toBeGreaterThan(before);
    seen.moved(at, epoch);
    await context.eventually('the records again', () => seen.offsets(at).length === 8);
    expect(seen.offsets(at)).toEqual([0, 1, 2, 3, 4, 5, 4, 5]);
    await expect(consumer.commit([{ ...at, epoch: before, offset: 6 }])).rejects.toMatchObject({
      code: 'COMMIT_REFUSED',
    });
    await consumer.commit([{ ...at, epoch, offset: 6 }]);
    await context.publish(topic, 1, ['6']);
    await context.eventually('the other', () => seen.offsets(other).length === 7);
    expect(seen.offsets(other)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(asked.at(-1)).toMatchObject({ ...at, epoch, offset: 4, metadata: 'm' });
    expect([asked.length, gates.length]).toEqual([3, 3]);
    expect(gates.at(-1)).toEqual({ ...at, epoch });
    // Without a rebalance.
    expect([seen.assignments.length, seen.revocations.length]).toEqual([1, 0]);
  });

  test('new epochs come in the order asked for; with one that is not assigned nothing is rewound', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 3);
    const { consumer, seen } = await context.start(client, context.name('group'), [topic]);
    const before = [0, 1, 2].map(partition => seen.epoch({ topic, partition }));
    const refused = expect.objectContaining({
      code: 'DRIVER',
      message: expect.stringContaining(`${topic}-7`),
    });
    expect(() => consumer.rewind([0, 7].map(partition => ({ topic, partition })))).toThrow(refused);
    await consumer.commit([{ topic, partition: 0, epoch: before[0] ?? -1, offset: 0 }]);
    const begun = consumer.rewind([2, 0].map(partition => ({ topic, partition })));
    expect(begun.map(({ partition }) => partition)).toEqual([2, 0]);
    for (const { partition, epoch } of begun) expect(epoch).toBeGreaterThan(before[partition] ?? 0);
    for (const one of begun) seen.moved(one, one.epoch);
    expect(consumer.rewind([])).toEqual([]);
    for (const partition of [0, 1, 2]) await context.publish(topic, partition, ['a']);
    for (const partition of [0, 1, 2]) await context.seenUpTo({ consumer, seen }, { topic, partition }, 1);
  });

  test('a pause does not stay over a rewind', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const at = { topic, partition: 0 };
    await context.publish(topic, 0, numbers(0, 3));
    const { consumer, seen } = await context.start(client, context.name('group'), [topic]);
    await context.seenUpTo({ consumer, seen }, at, 3);
    consumer.pause([at]);
    for (const one of consumer.rewind([at])) seen.moved(one, one.epoch);
    await context.eventually('the records again', () => seen.records.length === 6);
  });

  test('rewound inside a batch, no other batch of that epoch follows; rewound twice in a turn, it begins once', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const at = { topic, partition: 0 };
    await context.publish(topic, 0, numbers(0, 5));
    const asked: number[] = [];
    const { consumer, seen } = context.reader(client, context.name('group'), [topic], {
      resumeAt: async partitions => {
        asked.push(...partitions.map(({ epoch }) => epoch));
        await delay(setup.clock, 5);
        return [];
      },
    });
    let rewound = false;
    const { onBatch } = seen;
    seen.onBatch = batch => {
      if (rewound) return onBatch(batch);
      rewound = true;
      for (const one of [...consumer.rewind([at]), ...consumer.rewind([at])]) seen.moved(one, one.epoch);
    };
    await consumer.start();
    await context.eventually('the records again', () => seen.records.length === 10);
    await quiet();
    expect(seen.offsets(at)).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
    expect(asked).toEqual([seen.assignments[0]?.[0]?.epoch, seen.epoch(at)]);
  });

  test('rewound and sought in one turn, it begins where it was sought, behind its new gate', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const at = { topic, partition: 0 };
    await context.publish(topic, 0, numbers(0, 5));
    const asked: number[] = [];
    const { consumer, seen } = await context.start(client, context.name('group'), [topic], {
      ready: async ({ epoch }) => void asked.push(epoch),
    });
    await context.seenUpTo({ consumer, seen }, at, 5);
    for (const one of consumer.rewind([at])) seen.moved(one, one.epoch);
    seen.moved(at, consumer.seek(at, 3));
    await context.eventually('the records again', () => seen.records.length === 7);
    expect(seen.offsets(at).slice(5)).toEqual([3, 4]);
    expect(asked).toEqual([seen.assignments[0]?.[0]?.epoch, seen.epoch(at)]);
  });

  test('rewound while its gate is pending, or where it begins is asked, it asks anew and heeds the new answers alone', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const at = { topic, partition: 0 };
    await context.publish(topic, 0, numbers(0, 5));
    const gates: { open: () => void; refuse: (error: unknown) => void }[] = [];
    const answers: ((offsets: readonly number[]) => void)[] = [];
    const { consumer, seen } = await context.start(client, context.name('group'), [topic], {
      ready: () => new Promise<void>((open, refuse) => void gates.push({ open, refuse })),
      resumeAt: () => new Promise(resolve => void answers.push(resolve)),
    });
    const rewind = (): void => {
      for (const one of consumer.rewind([at])) seen.moved(one, one.epoch);
    };
    await context.eventually('the first gate', () => gates.length === 1);
    rewind();
    await context.eventually('the second gate', () => gates.length === 2);
    gates[0]?.refuse(new KafkaRxError('COMMIT_REFUSED', 'too late'));
    gates[1]?.open();
    await context.eventually('the first question', () => answers.length === 1);
    rewind();
    await context.eventually('the third gate', () => gates.length === 3);
    answers[0]?.([1]);
    await quiet();
    expect([seen.batches, seen.failures]).toEqual([[], []]);
    gates[2]?.open();
    await context.eventually('the second question', () => answers.length === 2);
    answers[1]?.([3]);
    await context.seenUpTo({ consumer, seen }, at, 5);
    expect(seen.offsets(at)).toEqual([3, 4]);
    expect([gates.length, answers.length]).toEqual([3, 2]);
  });
}
