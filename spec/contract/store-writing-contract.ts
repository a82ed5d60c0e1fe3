import { isKafkaRxError } from '../../lib/errors/errors.js';
import { all, ids, offsets, origin, sale, saleIndexes } from './sales.js';
import type { StoreTested } from './store-tested.js';

/** What every store must do with what it is given. */
export function describeWriting(tested: StoreTested): void {
  describe('writing', () => {
    it('keeps what a resolved write held', async () => {
      await tested.store.write([sale(0, 'ann', 10), sale(1, 'bob', 20)]);
      expect(await tested.store.get(`${origin}/0/0`)).toEqual({
        id: `${origin}/0/0`,
        value: { customer: 'ann', at: 10, note: 'ann@10' },
        time: 10,
      });
      expect(await tested.store.count()).toBe(2);
    });

    it('makes the same document once, however often it is written', async () => {
      const documents = [sale(0, 'ann', 10), sale(1, 'ann', 20)];
      for (let i = 0; i < 3; i++) await tested.store.write(documents);
      await tested.store.write([...documents, ...documents]);
      expect(offsets(await all(tested.store.by('customer', 'ann')))).toEqual([0, 1]);
      expect(offsets(await all(tested.store.byTime()))).toEqual([0, 1]);
      expect(await tested.store.count()).toBe(2);
    });

    it('finds a document that was written again under its new customer and time only', async () => {
      await tested.store.write([sale(0, 'ann', 10), sale(1, 'ann', 20)]);
      await tested.store.write([sale(0, 'bob', 30)]);
      expect(offsets(await all(tested.store.by('customer', 'ann')))).toEqual([1]);
      expect(offsets(await all(tested.store.by('customer', 'bob')))).toEqual([0]);
      expect(offsets(await all(tested.store.byTime()))).toEqual([1, 0]);
      expect((await tested.store.get(`${origin}/0/0`))?.value.customer).toBe('bob');
      await tested.store.write([sale(0, 'bob', 5), sale(0, 'cid', 6)]);
      expect(await all(tested.store.by('customer', 'bob'))).toEqual([]);
      expect(offsets(await all(tested.store.byTime()))).toEqual([0, 1]);
      expect(await tested.store.count()).toBe(2);
    });

    it('keeps the last value of a document', async () => {
      await tested.store.write([sale(0, 'ann', 10)]);
      const again = sale(0, 'ann', 10);
      await tested.store.write([{ ...again, value: { ...again.value, note: 'corrected' } }]);
      expect((await all(tested.store.by('customer', 'ann'))).map(({ value }) => value.note)).toEqual([
        'corrected',
      ]);
    });

    it('keeps apart the same partition and offset of another origin', async () => {
      await tested.store.write([sale(0, 'ann', 10), sale(0, 'ann', 11, { origin: 'cluster-1/topic-2' })]);
      await tested.store.write([sale(0, 'ann', 12, { origin: 'cluster-1/topic-1/0/0' })]);
      expect(ids(await all(tested.store.by('customer', 'ann')))).toEqual([
        `${origin}/0/0`,
        'cluster-1/topic-2/0/0',
        'cluster-1/topic-1/0/0/0/0',
      ]);
    });

    it('keeps apart the documents of one record by their ordinals', async () => {
      const ordinals = ['', '.0', '.1', '.2', '.10', '.1.0', '.0.1'];
      await tested.store.write(ordinals.map(ordinal => sale(0, 'ann', 10, { ordinal })));
      await tested.store.write([sale(1, 'ann', 10), sale(10, 'ann', 10), sale(100, 'ann', 10)]);
      expect(await tested.store.count()).toBe(ordinals.length + 3);
      expect(ids(await all(tested.store.byTime()))).toEqual([
        ...['', '.0', '.0.1', '.1', '.1.0', '.2', '.10'].map(ordinal => `${origin}/0/0${ordinal}`),
        ...[1, 10, 100].map(offset => `${origin}/0/${offset}`),
      ]);
      for (const ordinal of ordinals) {
        expect((await tested.store.get(`${origin}/0/0${ordinal}`))?.id).toBe(`${origin}/0/0${ordinal}`);
      }
    });

    it('takes the largest coordinates', async () => {
      const largest = sale(Number.MAX_SAFE_INTEGER, 'ann', 8.64e15, { partition: 0x7f_ff_ff_ff });
      await tested.store.write([largest, sale(0x1_00_00_00_00, 'ann', -8.64e15)]);
      expect(ids(await all(tested.store.by('customer', 'ann')))).toEqual([
        `${origin}/0/4294967296`,
        `${origin}/2147483647/9007199254740991`,
      ]);
    });

    it('takes an empty batch', async () => {
      await tested.store.write([]);
      expect(await tested.store.count()).toBe(0);
    });

    it('takes large batches and large values', async () => {
      const many = Array.from({ length: 20_000 }, (_, i) => sale(i, `c${i % 100}`, 20_000 - i));
      await tested.store.write(many);
      expect(await tested.store.count()).toBe(20_000);
      const times = (await all(tested.store.byTime())).map(({ time }) => time);
      expect(times).toEqual(Array.from({ length: 20_000 }, (_, i) => i + 1));
      const mine = offsets(await all(tested.store.by('customer', 'c7')));
      expect(mine).toEqual(Array.from({ length: 200 }, (_, i) => 19_907 - i * 100));

      const large = sale(1_000_000, 'large', 1);
      const note = 'n'.repeat(3_000_000);
      await tested.store.write([{ ...large, value: { ...large.value, note } }]);
      await tested.store.write([sale(1_000_001, 'large', 2)]);
      const found = await all(tested.store.by('customer', 'large'));
      expect(found.map(({ value }) => value.note.length)).toEqual([note.length, 'large@2'.length]);
    });

    it('stores nothing of a batch that it refuses, and names the document but not its value', async () => {
      await tested.start({ ...saleIndexes, time: ({ at }) => new Date(at < 0 ? Number.NaN : at) });
      const refused = tested.store.write([sale(0, 'ann', 1), sale(7, 'secret-customer', -1)]);
      const error: unknown = await Promise.resolve(refused).catch((reason: unknown) => reason);
      expect(isKafkaRxError(error, 'STORE')).toBe(true);
      expect(error).toMatchObject({ at: { topic: origin, partition: 0, offset: 7 } });
      expect(String(error)).not.toContain('secret-customer');
      expect(await tested.store.count()).toBe(0);
      await tested.store.write([sale(0, 'ann', 1)]);
      expect(await tested.store.count()).toBe(1);
    });

    it('hides what a throwing selector says', async () => {
      await tested.start({
        by: {
          customer: ({ customer }) => {
            throw new TypeError(`no such customer: ${customer}`);
          },
        },
      });
      const error: unknown = await Promise.resolve(tested.store.write([sale(3, 'secret-customer', 1)])).catch(
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ code: 'STORE', at: { offset: 3 } });
      expect(String(error)).toContain('TypeError');
      expect(String(error)).not.toContain('secret-customer');
    });

    it.each([
      { ordinal: '0' },
      { ordinal: '.x' },
      { ordinal: '.01' },
      { ordinal: '/1' },
      { partition: -1 },
      { partition: 2 ** 31 },
      { offset: -1 },
      { offset: 2 ** 53 },
      { offset: 0.5 },
    ])('refuses a source that could be mistaken for another: %p', async source => {
      await expect(tested.store.write([sale(0, 'ann', 1, source)])).rejects.toMatchObject({ code: 'STORE' });
    });

    it('files a document under the timestamp of its record where no time is selected', async () => {
      await tested.start({ by: { customer: ({ customer }) => customer } });
      await tested.store.write([{ ...sale(0, 'ann', 10), timestamp: 99 }]);
      expect((await all(tested.store.byTime())).map(({ time }) => time)).toEqual([99]);
    });

    it('refuses a question to an index that it does not have, and names those that it has', async () => {
      await tested.store.write([sale(0, 'ann', 10)]);
      const error = { code: 'STORE', message: expect.stringMatching(/'customr'.*'customer', 'note'/) };
      await expect(all(tested.store.by('customr', 'ann'))).rejects.toMatchObject(error);
      // What a program without types may ask.
      const odd = tested.store.by('customer', 7 as unknown as string);
      await expect(all(odd)).rejects.toMatchObject({
        code: 'STORE',
        message: expect.stringContaining('no text'),
      });
      await tested.start({});
      await expect(all(tested.store.by('customer', 'ann'))).rejects.toMatchObject({ code: 'STORE' });
      await tested.store.write([sale(0, 'ann', 10)]);
      expect(await tested.store.count()).toBe(1);
    });

    it('finds a document in each of its indexes, and in none whose selector gives undefined', async () => {
      await tested.start({
        by: { customer: s => (s.customer === 'cash' ? undefined : s.customer), note: s => s.note },
      });
      await tested.store.write([sale(0, 'cash', 1), sale(1, 'ann', 1), sale(2, 'ann@1', 2)]);
      const found = async (index: string, term: string) => offsets(await all(tested.store.by(index, term)));
      expect(await found('customer', 'cash')).toEqual([]);
      expect(await found('note', 'cash@1')).toEqual([0]);
      expect(await found('customer', 'ann@1')).toEqual([2]);
      expect(await found('note', 'ann@1')).toEqual([1]);
      // Moved from one term to nothing and back.
      await tested.store.write([sale(1, 'cash', 1)]);
      expect(await found('customer', 'ann')).toEqual([]);
      expect(await found('note', 'cash@1')).toEqual([0, 1]);
      await tested.store.write([sale(1, 'ann', 1)]);
      expect(await found('customer', 'ann')).toEqual([1]);
      expect(await found('note', 'cash@1')).toEqual([0]);
    });

    it.each([
      ['a number', 7],
      ['null', null],
      ['an object', {}],
      ['a promise', Promise.resolve('ann')],
    ])('refuses a document whose index gives %s, without its value', async (_, term) => {
      // What a program without types may give.
      await tested.start({ by: { customer: () => term as unknown as string } });
      const refused = tested.store.write([sale(3, 'secret-customer', 1)]);
      await expect(refused).rejects.toMatchObject({
        code: 'STORE',
        at: { offset: 3 },
        message: expect.stringMatching(/'customer'(?!.*secret)/),
      });
      expect(await tested.store.count()).toBe(0);
    });

    it.each([
      '1997-01-02T10:00:00',
      '1997-01-02 10:00:00Z',
      '1997-02-30',
      'yesterday',
      '',
      7,
      null,
      new Date(NaN),
    ])('refuses a time that is another instant on another machine, or none: %p', async time => {
      // What a program without types may give.
      await tested.start({ time: () => time as unknown as Date });
      await expect(tested.store.write([sale(3, 'ann', 1)])).rejects.toMatchObject({
        code: 'STORE',
        at: { offset: 3 },
        message: expect.stringContaining('offset such as'),
      });
    });

    it('takes times as ISO 8601 text with an offset, and days as UTC', async () => {
      const times = ['1997-01-02T10:00:00Z', '1997-01-02T11:30:00.5+02:00', '1997-01-02'];
      await tested.start({ time: s => times[s.at] ?? '' });
      await tested.store.write(times.map((_, i) => sale(i, 'ann', i)));
      expect((await all(tested.store.byTime())).map(({ time }) => new Date(time).toISOString())).toEqual([
        '1997-01-02T00:00:00.000Z',
        '1997-01-02T09:30:00.500Z',
        '1997-01-02T10:00:00.000Z',
      ]);
    });

    it('keeps apart the documents of different sinks, and replaces each by its own', async () => {
      const sinks = [undefined, '', '#2', 'a/b', '@', '%40', '\ud800', 'x'.repeat(500), '.1'];
      await tested.store.write(sinks.map((sink, i) => sale(0, `c${i}`, 10, { sink })));
      // Undefined and '' are one.
      expect(await tested.store.count()).toBe(sinks.length - 1);
      for (const [i, sink] of sinks.entries()) {
        if (sink === undefined) continue;
        const [found] = await all(tested.store.by('customer', `c${i}`));
        expect(await tested.store.get(found?.id ?? '')).toEqual(found);
        await tested.store.write([sale(0, `d${i}`, 10, { sink })]);
        expect(await all(tested.store.by('customer', `c${i}`))).toEqual([]);
      }
      expect(await tested.store.count()).toBe(sinks.length - 1);
    });
  });
}
