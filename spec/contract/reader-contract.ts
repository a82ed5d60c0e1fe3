import { delay } from '../../lib/base/clock.js';
import type { PartitionReader, ReadBatch, ReaderOptions, SourceRecord } from '../../lib/drivers/port.js';
import { isKafkaRxError } from '../../lib/errors/errors.js';
import type { ContractClient } from './contract-client.js';
import { type ContractContext, numbers, record, values } from './contract-context.js';

/** Reading a partition outside of every group. */
export function readerContract(context: ContractContext): void {
  const { setup } = context;
  const supported = context.unless('readers');
  /** Where the test also needs something of the cluster. */
  const given = (...capabilities: readonly unknown[]) =>
    capabilities.includes(undefined) ? test.skip : supported;

  const open = (
    client: ContractClient,
    topic: string,
    options: Partial<ReaderOptions> = {},
  ): PartitionReader => {
    const { reader } = client.connection;
    if (reader === undefined) throw new Error('the driver has no readers');
    const whole = { topic, partition: 0, from: 0, maxBytes: 1_000_000, readCommitted: true };
    return client.calls.watch(reader({ ...whole, ...options }));
  };
  /** The next answer, which is asked for again as long as that makes sense. */
  const next = async (reader: PartitionReader): Promise<ReadBatch | undefined> => {
    const until = setup.clock.elapsed() + setup.budgetMs;
    for (;;) {
      try {
        return await reader.next();
      } catch (error) {
        if (!isKafkaRxError(error) || !error.retriable || setup.clock.elapsed() > until) throw error;
        await delay(setup.clock, 20);
      }
    }
  };
  const recordsOf = (batch: ReadBatch): SourceRecord[] => {
    const records: SourceRecord[] = [];
    for (let found = batch.next(); found !== undefined; found = batch.next()) records.push(found);
    return records;
  };
  /** All up to the end as it is now. */
  const readUp = async (reader: PartitionReader) => {
    const batches: ReadBatch[] = [];
    const records: SourceRecord[] = [];
    for (let batch = await next(reader); batch !== undefined; batch = await next(reader)) {
      batches.push(batch);
      records.push(...recordsOf(batch));
    }
    return { batches, records, values: values(records), offsets: records.map(({ offset }) => offset) };
  };
  /** Waits until so many records came. */
  const readOn = async (reader: PartitionReader, count: number): Promise<SourceRecord[]> => {
    const records: SourceRecord[] = [];
    await context.eventually(`${count} records`, async () => {
      const batch = await next(reader);
      if (batch !== undefined) records.push(...recordsOf(batch));
      return records.length >= count;
    });
    return records;
  };
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
  /** A transaction that was ended is so a moment later, when its markers are written. */
  const stableUpTo = (client: ContractClient, topic: string, offset: number): Promise<void> =>
    context.eventually(`a last stable offset of ${offset}`, async () => {
      const [found] = await client.connection.admin.offsets(topic, 'latest', { readCommitted: true });
      return found === offset;
    });
  const remove = async (client: ContractClient, topic: string): Promise<void> => {
    await setup.deleteTopic?.(topic);
    const gone = async () => (await client.connection.topics([topic])).length === 0;
    await context.eventually('the topic to be gone', gone);
  };
  const create = (client: ContractClient, name: string): Promise<void> =>
    // A cluster may say no for a moment while it still deletes.
    context.eventually('the topic to be there again', async () => {
      await client.connection.admin.createTopics([{ name, partitions: 1 }]).catch(() => {});
      return (await client.connection.topics([name])).length === 1;
    });

  supported('all of it comes once, in order, over several batches, and then nothing', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 2);
    for (let i = 0; i < 40; i += 4) await context.publish(topic, 0, numbers(i, i + 4));
    await context.publish(topic, 1, ['of another']);
    const [described] = await client.connection.topics([topic]);
    const reader = open(client, topic, { maxBytes: 20 });
    const { batches, offsets, ...read } = await readUp(reader);
    expect(read.values).toEqual(numbers(0, 40));
    expect(offsets).toEqual(numbers(0, 40).map(Number));
    expect(batches.length).toBeGreaterThan(3);
    let from = 0;
    for (const batch of batches) {
      expect(batch).toMatchObject({
        topic,
        partition: 0,
        topicId: described?.id,
        startOffset: 0,
        endOffset: 40,
      });
      expect(batch.count).toBe(batch.nextOffset - from);
      expect(batch.reread(from)?.value?.toString()).toBe(String(from));
      from = batch.nextOffset;
    }
    expect(from).toBe(40);
  });

  supported('keys, values, headers and timestamps come as they are, nulls and empty ones too', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const headers = [{ key: 'a', value: Buffer.from([0, 255]) }];
    const timestamp = Date.now() - 5_000;
    await setup.publish(topic, [
      { ...record(0, 'v', 'k'), headers, timestamp },
      record(0, null, 'deleted'),
      record(0, null, null),
      record(0, '', ''),
    ]);
    const { records } = await readUp(open(client, topic));
    expect(records[0]).toMatchObject({ offset: 0, timestamp, headers });
    expect(records.map(({ key, value }) => [key?.toString(), value?.toString()])).toEqual([
      ['k', 'v'],
      ['deleted', undefined],
      [undefined, undefined],
      ['', ''],
    ]);
  });

  supported('behind the end a call waits for more, and not for ever', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const reader = open(client, topic);
    expect(await reader.next()).toBeUndefined();
    // Nothing came within the time that it waits.
    expect(await reader.next()).toBeUndefined();
    const coming = readOn(reader, 2);
    await context.publish(topic, 0, ['a', 'b']);
    expect(values(await coming)).toEqual(['a', 'b']);
    expect(await reader.next()).toBeUndefined();
    await context.publish(topic, 0, ['c']);
    expect(values(await readOn(reader, 1))).toEqual(['c']);
  });

  given(setup.openTransaction, setup.transaction)(
    'of committed records it gets those, holds before a transaction that is open, and passes over one that is aborted',
    async () => {
      const client = await context.client();
      const topic = await context.topic(client);
      const { admin } = client.connection;
      await context.publish(topic, 0, ['plain']);
      // The markers take an offset each.
      await setup.transaction?.(topic, [record(0, 'aborted')], 'abort');
      await stableUpTo(client, topic, 3);
      await setup.transaction?.(topic, [record(0, 'committed')], 'commit');
      await stableUpTo(client, topic, 5);
      const end = await setup.openTransaction?.(topic, [record(0, 'open')]);
      await context.publish(topic, 0, ['behind']);
      const reader = open(client, topic);
      const before = await readUp(reader);
      expect(before.values).toEqual(['plain', 'committed']);
      expect(before.batches.at(-1)).toMatchObject({ nextOffset: 5, endOffset: 5 });
      expect(await admin.offsets(topic, 'latest', { readCommitted: true })).toEqual([5]);
      expect(await admin.offsets(topic, 'latest')).toEqual([7]);
      expect(await admin.offsets(topic, 'earliest', { readCommitted: true })).toEqual([0]);
      const all = await readUp(open(client, topic, { readCommitted: false }));
      expect(all.values).toEqual(['plain', 'aborted', 'committed', 'open', 'behind']);
      expect(await reader.next()).toBeUndefined();
      await end?.('commit');
      expect(values(await readOn(reader, 2))).toEqual(['open', 'behind']);
      await stableUpTo(client, topic, 8);
    },
  );

  given(setup.transaction)(
    'a batch without records says that it moved on past what is no record',
    async () => {
      const client = await context.client();
      const topic = await context.topic(client);
      await setup.transaction?.(topic, [record(0, 'aborted')], 'abort');
      const { batches } = await readUp(open(client, topic));
      expect(batches.map(({ count }) => count).every(count => count === 0)).toBe(true);
      expect(batches.at(-1)).toMatchObject({ nextOffset: 2, endOffset: 2 });
    },
  );

  given(setup.punchGap)(
    'where records are gone it goes on behind them, and ends where the last are',
    async () => {
      const client = await context.client();
      const topic = await context.topic(client);
      await context.publish(topic, 0, numbers(0, 10));
      await setup.punchGap?.(topic, 0, 2, 4);
      await setup.punchGap?.(topic, 0, 8, 10);
      const reader = open(client, topic);
      expect((await readUp(reader)).offsets).toEqual([0, 1, 4, 5, 6, 7]);
      expect(await reader.next()).toBeUndefined();
    },
  );

  supported(
    'it begins at the offset asked for, also in the middle of what was written together',
    async () => {
      const client = await context.client();
      const topic = await context.topic(client);
      await context.publish(topic, 0, numbers(0, 10));
      expect((await readUp(open(client, topic, { from: 7 }))).offsets).toEqual([7, 8, 9]);
      const atEnd = open(client, topic, { from: 10 });
      expect(await atEnd.next()).toBeUndefined();
      await context.publish(topic, 0, ['10']);
      expect(values(await readOn(atEnd, 1))).toEqual(['10']);
    },
  );

  supported('from above the end nothing is read, and the error says so', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    await context.publish(topic, 0, numbers(0, 3));
    const reader = open(client, topic, { from: 4 });
    for (let again = 0; again < 2; again++) {
      await expect(reader.next()).rejects.toMatchObject({
        ...{ code: 'OFFSET_GONE', retriable: false, at: { topic, partition: 0, offset: 4 } },
        message: expect.stringContaining('offsets 0 to 3 (the end)'),
      });
    }
    await expect(open(client, topic, { from: 4 }).next()).rejects.toThrow('above the end');
  });

  given(setup.deleteRecords)('from below the start nothing is read, and the error says so', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    await context.publish(topic, 0, numbers(0, 5));
    await setup.deleteRecords?.(topic, 0, 3);
    await expect(open(client, topic, { from: 2 }).next()).rejects.toMatchObject({
      ...{ code: 'OFFSET_GONE', retriable: false, at: { topic, partition: 0, offset: 2 } },
      message: expect.stringMatching(/offsets 3 to 5 \(the end\).*below the start/),
    });
    const { batches, offsets } = await readUp(open(client, topic, { from: 3 }));
    expect(offsets).toEqual([3, 4]);
    expect(batches[0]).toMatchObject({ startOffset: 3, endOffset: 5 });
  });

  supported('two readers of one partition have all of it each, also where both wait', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    await context.publish(topic, 0, numbers(0, 5));
    const readers = [open(client, topic), open(client, topic, { from: 3 })];
    const read = await Promise.all(readers.map(reader => readUp(reader)));
    expect(read.map(({ offsets }) => offsets)).toEqual([
      [0, 1, 2, 3, 4],
      [3, 4],
    ]);
    const coming = Promise.all(readers.map(reader => readOn(reader, 1)));
    await context.publish(topic, 0, ['5']);
    expect((await coming).map(values)).toEqual([['5'], ['5']]);
  });

  supported('many read at once, and those that wait do not hold up those that read', async () => {
    const client = await context.client();
    const topic = await context.topic(client, 24);
    const busy = numbers(0, 12).map(Number);
    for (const partition of busy)
      for (let i = 0; i < 15; i++) await context.publish(topic, partition, [`${partition}: ${i}`]);
    let done = false;
    const waiting = busy.map(async partition => {
      const reader = open(client, topic, { partition: partition + 12 });
      let read = 0;
      while (!done) read += (await next(reader))?.count ?? 0;
      return read;
    });
    await delay(setup.clock, setup.quietMs);
    const began = setup.clock.elapsed();
    const read = await Promise.all(
      busy.map(partition => readUp(open(client, topic, { partition, maxBytes: 1 }))),
    );
    const tookMs = setup.clock.elapsed() - began;
    done = true;
    expect(await Promise.all(waiting)).toEqual(busy.map(() => 0));
    for (const partition of busy) {
      expect(read[partition]?.values).toEqual(numbers(0, 15).map(i => `${partition}: ${i}`));
      expect(read[partition]?.batches).toHaveLength(15);
    }
    // A wait of theirs is half a second, and there are 15 answers.
    expect(tookMs).toBeLessThan(5_000);
  });

  supported('a record above the bytes of an answer comes all the same', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const large = 'x'.repeat(200_000);
    for (const value of ['a', large, large, 'b']) await context.publish(topic, 0, [value]);
    const { batches, ...read } = await readUp(open(client, topic, { maxBytes: 1_000 }));
    expect(read.values.map(value => value?.length)).toEqual([1, 200_000, 200_000, 1]);
    expect(batches.length).toBeGreaterThan(2);
  });

  supported('closing ends a call that waits, and there is none afterwards', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const reader = open(client, topic);
    expect(await reader.next()).toBeUndefined();
    const waiting = expect(reader.next()).rejects.toMatchObject({ code: 'CLOSED' });
    const began = setup.clock.elapsed();
    await Promise.all([reader.close(), reader.close()]);
    await waiting;
    expect(setup.clock.elapsed() - began).toBeLessThan(400);
    await expect(reader.next()).rejects.toMatchObject({ code: 'CLOSED' });
    // The others go on.
    await context.publish(topic, 0, ['a']);
    expect((await readUp(open(client, topic))).values).toEqual(['a']);
  });

  supported('the connection closes its readers, and gives none that is open afterwards', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const reader = open(client, topic);
    expect(await reader.next()).toBeUndefined();
    const waiting = expect(reader.next()).rejects.toMatchObject({ code: 'CLOSED' });
    await client.connection.close();
    await waiting;
    await expect(open(client, topic).next()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  supported('a call while another is under way is refused, and takes nothing from it', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    await context.publish(topic, 0, numbers(0, 3));
    const reader = open(client, topic);
    const first = reader.next();
    await expect(reader.next()).rejects.toMatchObject({ code: 'DRIVER', retriable: false });
    expect(await first).toMatchObject({ count: 3 });
    expect(await reader.next()).toBeUndefined();
  });

  supported('of a topic or a partition that there is not the error says which', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    const missing = context.name('missing');
    await expect(open(client, missing).next()).rejects.toMatchObject({
      ...{ code: 'MISSING_TOPIC', retriable: false, message: expect.stringContaining(missing) },
    });
    await expect(open(client, topic, { partition: 1 }).next()).rejects.toMatchObject({
      ...{ code: 'MISSING_TOPIC', retriable: false, message: expect.stringContaining(`${topic}-1`) },
    });
  });

  given(setup.deleteTopic)('a topic that is deleted, or made anew, is not read on', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    await context.publish(topic, 0, numbers(0, 3));
    const reader = open(client, topic);
    const { batches } = await readUp(reader);
    await remove(client, topic);
    await expect(next(reader)).rejects.toMatchObject({ code: 'MISSING_TOPIC' });
    await create(client, topic);
    await publish(topic, numbers(0, 10));
    await expect(next(reader)).rejects.toMatchObject({
      ...{ code: 'OFFSET_GONE', retriable: false, at: { topic, partition: 0, offset: 3 } },
      message: expect.stringContaining('made anew'),
    });
    const { topicId } = batches[0] ?? {};
    await expect(next(open(client, topic, { from: 3, topicId }))).rejects.toMatchObject({
      code: 'OFFSET_GONE',
    });
    const another = await readUp(open(client, topic));
    expect(another.values).toEqual(numbers(0, 10));
    expect(another.batches[0]?.topicId).not.toBe(topicId);
  });

  given(setup.copyLog)('a log that was truncated below, and has grown since, is not read on', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    await publish(topic, numbers(0, 5));
    const putBack = await setup.copyLog?.(topic, 0);
    await publish(topic, ['lost 5', 'lost 6', 'lost 7']);
    const reader = open(client, topic);
    expect((await readUp(reader)).offsets).toHaveLength(8);
    await putBack?.();
    await publish(topic, numbers(5, 15));
    await expect(next(reader)).rejects.toMatchObject({
      ...{ code: 'OFFSET_GONE', retriable: false, at: { topic, partition: 0, offset: 8 } },
      message: expect.stringContaining('from offset 5 on there are others'),
    });
    expect((await readUp(open(client, topic))).values).toEqual(numbers(0, 15));
  });

  given(setup.outage)('an outage is waited out, and nothing is skipped or comes twice', async () => {
    const client = await context.client();
    const topic = await context.topic(client);
    for (let i = 0; i < 10; i++) await context.publish(topic, 0, [String(i)]);
    const reader = open(client, topic, { maxBytes: 1 });
    const first = await next(reader);
    setup.outage?.();
    const rest = readUp(reader);
    await delay(setup.clock, setup.quietMs);
    setup.endOutage?.();
    const { offsets } = await rest;
    expect([
      ...(first === undefined ? [] : recordsOf(first).map(({ offset }) => offset)),
      ...offsets,
    ]).toEqual(numbers(0, 10).map(Number));
  });
}
