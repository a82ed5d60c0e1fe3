import { delay } from '../../lib/base/clock.js';
import type { FetchedBatch, SourceRecord } from '../../lib/drivers/port.js';
import type { Headers } from '../../lib/record/headers.js';
import { type ContractContext, numbers, record, values } from './contract-context.js';

export function consumingContract(context: ContractContext): void {
  const { setup } = context;
  const can = <T>(capability: T | undefined) => (capability === undefined ? test.skip : test);

  test('start resolves after the first assignment, and that comes before the first batch', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 2);
    await context.publish(topic, 1, numbers(0, 3));
    const reader = await context.start(client, context.name('group'), [topic]);
    expect(reader.seen.assignments).toHaveLength(1);
    expect(reader.seen.partitions).toEqual([`${topic}:0`, `${topic}:1`]);
    await context.seenUpTo(reader, { topic, partition: 1 }, 3);
  });

  test('records come in order with key, value, headers, timestamp and offset', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const headers: Headers = [
      { key: '__proto__', value: Buffer.from('p') },
      { key: 'twice', value: Buffer.from('1') },
      { key: 'twice', value: Buffer.from('2') },
      { key: 'toString', value: Buffer.alloc(0) },
    ];
    await setup.publish(topic, [
      { ...record(0, 'v', 'k'), headers, timestamp: 1_700_000_000_000 },
      { ...record(0, null, 'gone'), timestamp: 1_700_000_000_001 },
      { ...record(0, ''), timestamp: 1_700_000_000_002 },
    ]);
    const reader = await context.start(client, context.name('group'), [topic]);
    await context.seenUpTo(reader, { topic, partition: 0 }, 3);
    const plain = reader.seen.records.map(({ offset, timestamp, key, value, headers: of }) => ({
      offset,
      timestamp,
      key: key?.toString() ?? null,
      value: value?.toString() ?? null,
      headers: of.map(header => `${header.key}=${header.value?.toString()}`).sort(),
    }));
    expect(plain).toEqual([
      {
        offset: 0,
        timestamp: 1_700_000_000_000,
        key: 'k',
        value: 'v',
        headers: ['__proto__=p', 'toString=', 'twice=1', 'twice=2'],
      },
      { offset: 1, timestamp: 1_700_000_000_001, key: 'gone', value: null, headers: [] },
      { offset: 2, timestamp: 1_700_000_000_002, key: null, value: '', headers: [] },
    ]);
  });

  test('a batch that is kept hands out any of its records again, key, value, headers and all, and no other', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const reader = await context.startReading(client, context.name('group'), [topic]);
    const kept: FetchedBatch[] = [];
    const { onBatch } = reader.seen;
    reader.seen.onBatch = batch => {
      kept.push(batch);
      onBatch(batch);
    };
    const headers: Headers = [{ key: 'h', value: Buffer.from('1') }];
    await setup.publish(
      topic,
      numbers(0, 20).map(number => ({ ...record(0, `v${number}`, `k${number}`), headers, timestamp: 1000 })),
    );
    await context.publish(topic, 0, ['later']);
    await context.seenUpTo(reader, { topic, partition: 0 }, 21);
    const again = (offset: number): SourceRecord | undefined =>
      kept.map(batch => batch.reread(offset)).find(one => one !== undefined);
    // In order and against it: some drivers walk forward only.
    for (const offset of [3, 4, 19, 0, 20, 3]) {
      expect(again(offset)?.offset).toBe(offset);
    }
    expect(again(7)).toMatchObject({
      key: Buffer.from('k7'),
      value: Buffer.from('v7'),
      headers,
      timestamp: 1000,
    });
    expect(again(21)).toBeUndefined();
  });

  test('ten thousand records over four partitions arrive once each and in order', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 4);
    for (let p = 0; p < 4; p++) await context.publish(topic, p, numbers(0, 2500));
    const reader = await context.start(client, context.name('group'), [topic]);
    for (let partition = 0; partition < 4; partition++) {
      await context.seenUpTo(reader, { topic, partition }, 2500);
      expect(reader.seen.offsets({ topic, partition })).toEqual(numbers(0, 2500).map(Number));
    }
    for (const batch of reader.seen.batches) expect(batch.bytes).toBeGreaterThan(0);
  });

  can(setup.transaction)(
    'nextOffset passes control records and aborted ones, so that lag reaches 0',
    async () => {
      const client = await context.client();
      const topic = await context.topic(client);
      await context.publish(topic, 0, ['a']);
      await setup.transaction?.(topic, [record(0, 'hidden'), record(0, 'hidden')], 'abort');
      await setup.transaction?.(topic, [record(0, 'b')], 'commit');
      const reader = await context.start(client, context.name('group'), [topic]);
      const [end] = await client.connection.admin.offsets(topic, 'latest');
      await context.seenUpTo(reader, { topic, partition: 0 }, end ?? 6);
      expect(end).toBe(6);
      expect(values(reader.seen.records)).toEqual(['a', 'b']);
    },
  );

  can(setup.punchGap)('nextOffset passes compaction gaps, at the end of the log too', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    await context.publish(topic, 0, numbers(0, 10));
    await setup.punchGap?.(topic, 0, 2, 5);
    await setup.punchGap?.(topic, 0, 8, 10);
    const reader = await context.start(client, context.name('group'), [topic]);
    await context.seenUpTo(reader, { topic, partition: 0 }, 10);
    expect(reader.seen.offsets({ topic, partition: 0 })).toEqual([0, 1, 5, 6, 7]);
  });

  test('a paused partition delivers nothing while the others go on, and everything once resumed', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 2);
    const { consumer, seen } = await context.startReading(client, context.name('group'), [topic]);
    consumer.pause([{ topic, partition: 0 }]);
    await context.publish(topic, 0, numbers(0, 20));
    await context.publish(topic, 1, numbers(0, 20));
    await context.seenUpTo({ consumer, seen }, { topic, partition: 1 }, 20);
    await delay(setup.clock, setup.quietMs);
    expect(seen.offsets({ topic, partition: 0 })).toEqual([]);
    consumer.resume([{ topic, partition: 0 }]);
    await context.seenUpTo({ consumer, seen }, { topic, partition: 0 }, 20);
    expect(seen.offsets({ topic, partition: 0 })).toEqual(numbers(0, 20).map(Number));
  });

  test('paused inside a batch, the next batch waits and no record is lost or repeated', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const at = { topic, partition: 0 };
    await context.publish(topic, 0, numbers(0, 3000));
    const reader = client.consumer(context.name('group'), [topic]);
    reader.seen.onBatch = () => {
      reader.consumer.pause([at]);
      setup.clock.schedule(() => reader.consumer.resume([at]), 1);
    };
    await reader.consumer.start();
    await context.seenUpTo(reader, at, 3000);
    expect(reader.seen.offsets(at)).toEqual(numbers(0, 3000).map(Number));
    expect(reader.seen.breaches).toEqual([]);
  });

  test('a seek gives a greater epoch, and no batch of the old one follows', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const at = { topic, partition: 0 };
    await context.publish(topic, 0, numbers(0, 10));
    const { consumer, seen } = await context.start(client, context.name('group'), [topic]);
    await context.seenUpTo({ consumer, seen }, at, 10);
    const before = seen.epoch(at);
    const epoch = consumer.seek(at, 4);
    seen.moved(at, epoch);
    expect(epoch).toBeGreaterThan(before);
    await context.eventually('the records again', () => seen.records.length === 16);
    const again = seen.records.slice(10);
    expect(again.map(({ offset }) => offset)).toEqual([4, 5, 6, 7, 8, 9]);
    expect(new Set(again.map(of => of.epoch))).toEqual(new Set([epoch]));
  });

  test('a seek inside a batch takes effect with the next one', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const at = { topic, partition: 0 };
    await context.publish(topic, 0, numbers(0, 5));
    const { consumer, seen } = client.consumer(context.name('group'), [topic]);
    let sought = false;
    seen.onBatch = () => {
      if (sought) return;
      sought = true;
      seen.moved(at, consumer.seek(at, 3));
    };
    await consumer.start();
    await context.eventually('the records again', () => seen.records.length >= 7);
    expect(seen.records.slice(5).map(({ offset }) => offset)).toEqual([3, 4]);
    expect(seen.breaches).toEqual([]);
  });

  test('startFrom earliest, latest and a timestamp hold for a group without offsets', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const from = Date.now() - 60_000;
    await setup.publish(
      topic,
      numbers(0, 6).map((value, i) => ({ ...record(0, value), timestamp: from + i * 1000 })),
    );
    const start = (startFrom: 'earliest' | 'latest' | { timestamp: number }) =>
      context.startReading(client, context.name('group'), [topic], { startFrom });
    const readers = [await start('earliest'), await start('latest'), await start({ timestamp: from + 2500 })];
    // A client may look the position up at its first fetch: what follows must not come before that.
    await delay(setup.clock, setup.quietMs);
    await context.publish(topic, 0, ['6']);
    for (const reader of readers) await context.seenUpTo(reader, { topic, partition: 0 }, 7);
    expect(readers.map(({ seen }) => seen.offsets({ topic, partition: 0 })[0])).toEqual([0, 6, 3]);
  });

  for (const which of ['latest', 'timestamp'] as const) {
    const name = `a group that starts at ${which} keeps its place, though no record has come`;
    test(name, async () => {
      const client = await context.client();
      const topic = await context.topic(client);
      const at = { topic, partition: 0 };
      await context.publish(topic, 0, numbers(0, 3));
      const group = context.name('group');
      const startFrom = which === 'latest' ? which : { timestamp: Date.now() + 3_600_000 };
      const first = await context.start(client, group, [topic], { startFrom });
      await context.eventually('the start', () => first.seen.nextOffset(at) === 3);
      expect(first.seen.records).toEqual([]);
      await first.consumer.commit([{ ...at, epoch: first.seen.epoch(at), offset: 3 }]);
      await first.consumer.stop();
      await context.publish(topic, 0, ['3', '4']);
      const second = await context.start(client, group, [topic], { startFrom });
      await context.seenUpTo(second, at, 5);
      expect(values(second.seen.records)).toEqual(['3', '4']);
    });
  }

  test('the start of a paused partition is told once it is resumed', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const at = { topic, partition: 0 };
    await context.publish(topic, 0, ['0']);
    const { consumer, seen } = client.consumer(context.name('group'), [topic], { startFrom: 'latest' });
    seen.onAssigned = given => consumer.pause(given);
    await consumer.start();
    await delay(setup.clock, setup.quietMs);
    expect(seen.batches).toEqual([]);
    consumer.resume([at]);
    await context.eventually('the start', () => seen.nextOffset(at) === 1);
    await delay(setup.clock, setup.quietMs);
    expect(seen.batches).toHaveLength(1);
    expect(seen.breaches).toEqual([]);
    await consumer.stop();
  });

  can(setup.deleteRecords)(
    'a position below the log start is announced as a reset, never a silent jump',
    async () => {
      const client = await context.client();
      const topic = await context.topic(client);
      const at = { topic, partition: 0 };
      await context.publish(topic, 0, numbers(0, 6));
      await setup.deleteRecords?.(topic, 0, 4);
      const { consumer, seen } = await context.start(client, context.name('group'), [topic]);
      await context.seenUpTo({ consumer, seen }, at, 6);
      expect(client.events.filter(({ type }) => type === 'offset-reset')).toEqual([]);
      seen.moved(at, consumer.seek(at, 1));
      await context.eventually('the records again', () => seen.records.length === 4);
      expect(seen.offsets(at)).toEqual([4, 5, 4, 5]);
      expect(client.events).toContainEqual({ type: 'offset-reset', topic, partition: 0, from: 1, to: 4 });
    },
  );

  test('a seek of a partition that is not assigned throws', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const { consumer } = await context.start(client, context.name('group'), [topic]);
    expect(() => consumer.seek({ topic, partition: 7 }, 0)).toThrow(
      expect.objectContaining({ code: 'DRIVER' }),
    );
  });
}
