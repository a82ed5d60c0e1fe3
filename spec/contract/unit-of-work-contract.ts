import { delay } from '../../lib/base/clock.js';
import type { UnitOfWork, UnitOptions } from '../../lib/drivers/port.js';
import { noHeaders } from '../../lib/record/headers.js';
import { type ContractClient, RecordingOutput } from './contract-client.js';
import { type ContractContext, numbers, values } from './contract-context.js';

const isRefused = expect.objectContaining({ code: 'COMMIT_REFUSED' });

export function unitOfWorkContract(context: ContractContext): void {
  const { setup } = context;
  const supported = context.unless('unitsOfWork');

  async function open(
    client: ContractClient,
    group: string,
    task = '0',
    options: Partial<UnitOptions> = {},
  ): Promise<UnitOfWork> {
    const unit = await client.connection.unitOfWork?.(task, group, {
      ...{ maxRecordBytes: 100_000, deliveryTimeoutMs: setup.budgetMs, transactionTimeoutMs: 60_000 },
      ...options,
    });
    if (unit === undefined) throw new Error('a driver without units of work declares that as a limit');
    return client.calls.watch(unit);
  }

  /** A member of a group that reads `input`, a unit of work of its task, and a reader of what it writes. */
  async function opened(partitions = 2, options: Partial<UnitOptions> = {}) {
    const client = await context.client();
    const [input, output] = [await context.topic(client), await context.topic(client, partitions)];
    const group = context.name('group');
    await context.publish(input, 0, numbers(0, 10));
    const { consumer, seen } = await context.start(client, group, [input]);
    const reader = await context.start(client, context.name('reader'), [output]);
    const unit = await open(client, group, '0', options);
    await unit.prepare([output]);
    const heard = new RecordingOutput(client.calls);
    const writerOf = (to: UnitOfWork) => {
      const outputs = Array.from({ length: partitions }, (_, partition) =>
        to.output({ topic: output, partition }, heard),
      );
      return (value: string | Buffer): void => {
        for (const one of outputs) one.append(null, Buffer.from(value), noHeaders, Date.now());
      };
    };
    const at = { topic: input, partition: 0 };
    return {
      ...{ client, input, output, group, consumer, reader, seen, unit, heard, writerOf, at },
      write: writerOf(unit),
      offsets: (offset: number) => [{ ...at, epoch: seen.epoch(at), offset }],
      committed: () => client.connection.admin.committed(group, input),
      visible: (partition = 0) => values(reader.seen.records.filter(one => one.partition === partition)),
      /** Once the reader has seen a record that is written now to each partition, it has seen all before. */
      readUpTo: async (marker: string) => {
        for (let partition = 0; partition < partitions; partition++)
          await context.publish(output, partition, [marker]);
        await context.eventually('the marker', () => {
          const markers = reader.seen.records.filter(({ value }) => value?.toString() === marker);
          return markers.length === partitions;
        });
      },
    };
  }

  supported('outputs show together, and not before the offsets are committed with them', async () => {
    const { unit, write, offsets, committed, visible, heard } = await opened();
    unit.begin();
    write('a');
    await unit.flush();
    expect(heard.acknowledgedCount).toBe(2);
    await delay(setup.clock, setup.quietMs);
    expect([visible(0), visible(1), await committed()]).toEqual([[], [], [-1]]);
    await unit.commit(offsets(1));
    await context.eventually('all of it', () => visible(0).length + visible(1).length === 2);
    await context.eventually('the offset', async () => (await committed())[0] === 1);
    expect(heard.insideCall).toBe(0);
  });

  supported('who reads what it writes stands still at the offset that its output was told', async () => {
    const { reader, unit, write, readUpTo, offsets, heard } = await opened(1);
    const told = () => reader.consumer.standstills?.() ?? [];
    await readUpTo('begins');
    unit.begin();
    write('a');
    write('b');
    await unit.flush();
    await context.eventually('it to be told', () => told().length === 1 || !reader.consumer.standstills);
    const offset = heard.heard[0]?.baseOffset;
    if (reader.consumer.standstills && offset !== -1)
      expect(told()).toEqual([expect.objectContaining({ cause: 'open-transaction', offset })]);
    await unit.commit(offsets(1));
    await readUpTo('ended');
    expect(told()).toEqual([]);
  });

  supported('an aborted unit never shows, readers pass over it, and the next one goes on', async () => {
    const { unit, write, offsets, committed, visible, readUpTo, heard } = await opened();
    unit.begin();
    write('sent');
    await unit.flush();
    write('not sent');
    await unit.abort();
    expect(heard.acknowledgedCount + heard.refusedCount).toBe(4);
    unit.begin();
    write('kept');
    await unit.commit(offsets(2));
    await readUpTo('end');
    expect([visible(0), visible(1)]).toEqual([
      ['kept', 'end'],
      ['kept', 'end'],
    ]);
    await context.eventually('the offset', async () => (await committed())[0] === 2);
  });

  supported('a second owner of the task fences the first, of which nothing shows', async () => {
    const { client, group, unit, output, write, writerOf, offsets, committed, visible, readUpTo } =
      await opened();
    unit.begin();
    write('first');
    await unit.flush();
    const second = await open(client, group);
    await second.prepare([output]);
    write('late');
    await expect(unit.commit(offsets(5))).rejects.toEqual(isRefused);
    expect(() => unit.begin()).toThrow(isRefused);
    expect([unit.failure, second.failure]).toEqual([isRefused, undefined]);
    second.begin();
    writerOf(second)('second');
    await second.commit(offsets(1));
    await readUpTo('end');
    expect(visible()).toEqual(['second', 'end']);
    await context.eventually('the offset', async () => (await committed())[0] === 1);
  });

  supported('another task of the group is not fenced', async () => {
    const { client, group, unit, write, offsets, readUpTo, visible } = await opened();
    unit.begin();
    write('a');
    await open(client, group, '1');
    await unit.commit(offsets(1));
    await readUpTo('end');
    expect(visible()).toEqual(['a', 'end']);
  });

  supported('offsets of an epoch that is over are refused, with all that goes with them', async () => {
    const { consumer, seen, unit, at, write, offsets, committed, visible, readUpTo } = await opened();
    const stale = offsets(5);
    seen.moved(at, consumer.seek(at, 0));
    unit.begin();
    write('a');
    await expect(unit.commit(stale)).rejects.toEqual(isRefused);
    expect(() => unit.begin()).toThrow(isRefused);
    await readUpTo('end');
    expect([visible(), await committed()]).toEqual([['end'], [-1]]);
  });

  supported('offsets of a member that has left are refused, with all that goes with them', async () => {
    const { consumer, unit, write, offsets, committed, visible, readUpTo } = await opened();
    const stale = offsets(5);
    unit.begin();
    write('a');
    await consumer.stop();
    await expect(unit.commit(stale)).rejects.toEqual(isRefused);
    await readUpTo('end');
    expect([visible(), await committed()]).toEqual([['end'], [-1]]);
  });

  supported('of a member that has left nothing is committed either where no offset has moved', async () => {
    const { consumer, unit, write, offsets, committed, visible, readUpTo } = await opened();
    unit.begin();
    write('a');
    await unit.commit(offsets(5));
    const unmoved = offsets(5);
    unit.begin();
    write('b');
    await consumer.stop();
    await expect(unit.commit(unmoved)).rejects.toEqual(isRefused);
    await readUpTo('end');
    expect(visible()).toEqual(['a', 'end']);
    await context.eventually('the offset', async () => (await committed())[0] === 5);
  });

  supported('with a record that is refused nothing is committed', async () => {
    const { client, group, output, unit, write, writerOf, offsets, committed, visible, readUpTo } =
      await opened();
    unit.begin();
    write('a');
    write(Buffer.alloc(2 ** 21));
    await expect(unit.commit(offsets(5))).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' });
    expect(() => unit.begin()).toThrow(expect.objectContaining({ code: 'RECORD_TOO_LARGE' }));
    const anew = await open(client, group);
    await anew.prepare([output]);
    anew.begin();
    writerOf(anew)('b');
    await anew.commit(offsets(1));
    await readUpTo('end');
    expect(visible()).toEqual(['b', 'end']);
    await context.eventually('the offset', async () => (await committed())[0] === 1);
  });

  supported('its records have the bound that it was opened with', async () => {
    const { unit, write, offsets, readUpTo, visible } = await opened(1, { maxRecordBytes: 50 });
    unit.begin();
    write(Buffer.alloc(50, 'a'));
    await unit.commit(offsets(1));
    unit.begin();
    write(Buffer.alloc(51, 'b'));
    await expect(unit.commit(offsets(2))).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' });
    await readUpTo('end');
    expect(visible()).toEqual(['a'.repeat(50), 'end']);
  });

  supported('one that is open for longer than its time is aborted, and its owner told by name', async () => {
    const { client, group, output, unit, write, writerOf, offsets, committed, visible, readUpTo } =
      await opened(1, { transactionTimeoutMs: setup.transactionTimeoutMs });
    unit.begin();
    write('a');
    await unit.flush();
    // Only when the brokers have aborted it do readers get this.
    await readUpTo('behind');
    const late = expect.objectContaining({ code: 'TRANSACTION_TIMEOUT' });
    await expect(unit.commit(offsets(5))).rejects.toEqual(late);
    expect(() => unit.begin()).toThrow(late);
    const anew = await open(client, group);
    await anew.prepare([output]);
    anew.begin();
    writerOf(anew)('b');
    await anew.commit(offsets(1));
    await readUpTo('end');
    expect(visible()).toEqual(['behind', 'b', 'end']);
    await context.eventually('the offset', async () => (await committed())[0] === 1);
  });

  supported('two tasks are never one unit, whatever their names and their groups are', async () => {
    const client = await context.client();
    const [topic, group] = [await context.topic(client), context.name('g')];
    const names: [string, string][] = [
      ['orders', 'by-customer_0'],
      ['orders-by', 'customer_0'],
      ['a', 'b/c'],
      ['a/b', 'c'],
      ['a', 'b%2Fc'],
      ['é', '+ _ \u{1F980}'],
    ];
    const units = await Promise.all(names.map(([of, task]) => open(client, `${group}${of}`, task)));
    for (const unit of units) {
      await unit.prepare([topic]);
      unit.begin();
      unit
        .output({ topic, partition: 0 }, new RecordingOutput(client.calls))
        .append(...([null, Buffer.from('a'), noHeaders, 1] as const));
      await unit.flush();
    }
    expect(units.map(({ failure }) => failure)).toEqual(names.map(() => undefined));
    // An owner that was fenced could not abort any more.
    for (const unit of units) await unit.abort();
  });

  supported(
    'a task may take two ids in turn: the next unit begins while the one before is committed',
    async () => {
      const { client, group, output, unit, write, writerOf, offsets, committed, visible, readUpTo } =
        await opened();
      const other = await open(client, group, '0:other');
      await other.prepare([output]);
      const both = [
        { unit, write },
        { unit: other, write: writerOf(other) },
      ];
      const ends: Promise<void>[] = [];
      for (let i = 0; i < 6; i++) {
        const turn = both[i % 2];
        turn?.unit.begin();
        turn?.write(`${i}`);
        // Two ids are two producers: what is not acknowledged of one may come behind the other's.
        await turn?.unit.flush();
        await ends[i - 1];
        ends.push(turn?.unit.commit(offsets(i + 1)) ?? Promise.resolve());
      }
      await Promise.all(ends);
      await readUpTo('end');
      expect(visible()).toEqual([...numbers(0, 6), 'end']);
      await context.eventually('the offset', async () => (await committed())[0] === 6);
    },
  );

  supported('many units in a row keep the order of each partition', async () => {
    const { unit, write, offsets, committed, visible, readUpTo } = await opened(3);
    const kept: string[] = [];
    for (let i = 0; i < 30; i++) {
      unit.begin();
      const some = numbers(i * 10, i * 10 + 10);
      for (const value of some) write(value);
      if (i % 7 === 3) await unit.abort();
      else {
        await unit.commit(offsets(1 + (i % 10)));
        kept.push(...some);
      }
    }
    await readUpTo('end');
    for (const partition of [0, 1, 2]) expect(visible(partition)).toEqual([...kept, 'end']);
    await context.eventually('the offset', async () => (await committed())[0] === 10);
  });

  supported('offsets alone are a unit too, and so is nothing that is aborted', async () => {
    const { unit, write, offsets, committed, visible, readUpTo } = await opened();
    unit.begin();
    await unit.commit(offsets(3));
    await context.eventually('the offset', async () => (await committed())[0] === 3);
    unit.begin();
    await unit.abort();
    unit.begin();
    write('a');
    await unit.commit(offsets(3));
    await readUpTo('end');
    expect([visible(), await committed()]).toEqual([['a', 'end'], [3]]);
  });

  supported('without the offsets of its task nothing is committed: the unit stays as it was', async () => {
    const { unit, write, offsets, committed, visible, readUpTo } = await opened();
    const none = expect.objectContaining({ code: 'DRIVER', message: expect.stringContaining('offsets') });
    unit.begin();
    await expect(unit.commit([])).rejects.toEqual(none);
    write('a');
    await expect(unit.commit([])).rejects.toEqual(none);
    write('b');
    expect(unit.failure).toBeUndefined();
    await unit.commit(offsets(1));
    await readUpTo('end');
    expect(visible()).toEqual(['a', 'b', 'end']);
    await context.eventually('the offset', async () => (await committed())[0] === 1);
  });

  supported('what is appended outside of a unit is refused', async () => {
    const { unit, write, offsets, heard, readUpTo, visible } = await opened();
    write('before');
    await context.eventually('the refusals', () => heard.refusedCount === 2);
    unit.begin();
    write('a');
    await unit.commit(offsets(1));
    write('after');
    await context.eventually('the refusals', () => heard.refusedCount === 4);
    await readUpTo('end');
    expect(visible()).toEqual(['a', 'end']);
  });

  supported(
    'what has not begun is not committed, nor are its offsets; to abort it does nothing',
    async () => {
      const { unit, write, offsets, committed, visible, readUpTo } = await opened();
      const notBegun = expect.objectContaining({
        code: 'DRIVER',
        message: expect.stringContaining('not begun'),
      });
      await expect(unit.commit(offsets(5))).rejects.toEqual(notBegun);
      unit.begin();
      write('a');
      await unit.commit(offsets(1));
      await expect(unit.commit(offsets(5))).rejects.toEqual(notBegun);
      await unit.abort();
      unit.begin();
      write('b');
      await unit.commit(offsets(1));
      await readUpTo('end');
      expect(visible()).toEqual(['a', 'b', 'end']);
      await context.eventually('the offset', async () => (await committed())[0] === 1);
    },
  );

  supported('a unit has one end: what is asked for beside it is refused and changes nothing', async () => {
    const { unit, write, offsets, committed, visible, readUpTo } = await opened();
    const already = expect.objectContaining({ code: 'DRIVER', message: expect.stringContaining('already') });
    unit.begin();
    write('a');
    const ends = [unit.commit(offsets(2)), unit.abort(), unit.commit(offsets(5))];
    expect(() => unit.begin()).toThrow(already);
    const [first, ...others] = await Promise.allSettled(ends);
    expect(first?.status).toBe('fulfilled');
    for (const other of others) expect(other).toEqual({ status: 'rejected', reason: already });
    unit.begin();
    write('b');
    const [aborted, committing] = await Promise.allSettled([unit.abort(), unit.commit(offsets(5))]);
    expect([aborted?.status, committing?.status]).toEqual(['fulfilled', 'rejected']);
    await readUpTo('end');
    expect(visible()).toEqual(['a', 'end']);
    await context.eventually('the offset', async () => (await committed())[0] === 2);
  });

  supported('closed while it is open, it leaves nothing behind that holds readers up', async () => {
    const { unit, write, readUpTo, visible } = await opened();
    unit.begin();
    write('a');
    await unit.flush();
    await unit.close();
    await readUpTo('end');
    expect(visible()).toEqual(['end']);
    expect(() => unit.begin()).toThrow(expect.objectContaining({ code: 'CLOSED' }));
  });
}
