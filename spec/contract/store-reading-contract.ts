import type { TimeRange } from '../../lib/stores/port.js';
import { all, ids, oddTerms, offsets, origin, sale } from './sales.js';
import type { StoreTested } from './store-tested.js';

/** What every store must answer. */
export function describeReading(tested: StoreTested): void {
  describe('reading', () => {
    it('answers undefined for an id that no document has', async () => {
      await tested.store.write([sale(0, 'ann', 10)]);
      const unknown = ['', '/', 'x', `${origin}/0/1`, `${origin}/1/0`, `${origin}/0/0.0`, `${origin}/0/00`];
      for (const id of [
        ...unknown,
        'other/0/0',
        `${origin}/0/0.`,
        `${origin}/0/-0`,
        `${origin}/0/9${'9'.repeat(20)}`,
      ]) {
        expect(await tested.store.get(id)).toBeUndefined();
      }
    });

    it('includes from and excludes to, by customer and by time', async () => {
      const times = [-86_400_000, -1, 0, 1, 2, 1000];
      await tested.store.write(times.map((time, i) => sale(i, i % 2 === 0 ? 'even' : 'odd', time)));
      const range = (from?: number, to?: number): TimeRange => ({
        from: from === undefined ? undefined : new Date(from),
        to: to === undefined ? undefined : new Date(to),
      });
      const found = async (from?: number, to?: number) =>
        offsets(await all(tested.store.byTime(range(from, to))));
      expect(await found()).toEqual([0, 1, 2, 3, 4, 5]);
      expect(await found(0, 2)).toEqual([2, 3]);
      expect(await found(0, 0)).toEqual([]);
      expect(await found(2, 0)).toEqual([]);
      expect(await found(-1)).toEqual([1, 2, 3, 4, 5]);
      expect(await found(undefined, -1)).toEqual([0]);
      expect(await found(1001)).toEqual([]);
      expect(offsets(await all(tested.store.by('customer', 'even', range(0, 2))))).toEqual([2]);
      expect(offsets(await all(tested.store.by('customer', 'even', range(0, 3))))).toEqual([2, 4]);
      expect(offsets(await all(tested.store.by('customer', 'odd', range(-1, 1000))))).toEqual([1, 3]);
    });

    it('gives documents of one time in the order of their sources', async () => {
      const second = { origin: 'cluster-1/a-topic-seen-later' };
      await tested.store.write([sale(11, 'ann', 5), sale(9, 'ann', 5), sale(2, 'ann', 5, { partition: 1 })]);
      await tested.store.write([sale(1, 'ann', 5, second), sale(10, 'ann', 5), sale(300, 'ann', 4)]);
      expect(ids(await all(tested.store.by('customer', 'ann')))).toEqual([
        `${origin}/0/300`,
        `${origin}/0/9`,
        `${origin}/0/10`,
        `${origin}/0/11`,
        `${origin}/1/2`,
        `${second.origin}/0/1`,
      ]);
    });

    it('never mixes two customers up', async () => {
      await tested.store.write(oddTerms.map((customer, i) => sale(i, customer, 100 - i)));
      for (const [i, customer] of oddTerms.entries()) {
        const found = await all(tested.store.by('customer', customer));
        expect(found.map(({ value }) => value.customer)).toEqual([customer]);
        expect(offsets(found)).toEqual([i]);
      }
      expect(await all(tested.store.by('customer', 'nobody'))).toEqual([]);
    });

    it('keeps odd origins', async () => {
      const origins = ['', '/', 'a/1/2', 'ü/🧾', '\ud800', '\ufffd', 'a\0b', 'o'.repeat(4000)];
      await tested.store.write(origins.map((odd, i) => sale(i, 'ann', i, { origin: odd })));
      const expected = origins.map((odd, i) => `${odd}/0/${i}`);
      expect(ids(await all(tested.store.byTime()))).toEqual(expected);
      for (const id of expected) expect((await tested.store.get(id))?.id).toBe(id);
    });

    it('gives a scan one picture, while writes go on before, at and behind its place', async () => {
      const many = Array.from({ length: 3000 }, (_, i) => sale(i, i % 3 === 0 ? 'ann' : 'bob', i));
      await tested.store.write(many);
      const byTime = tested.store.byTime()[Symbol.asyncIterator]();
      const byCustomer = tested.store.by('customer', 'ann')[Symbol.asyncIterator]();
      const times = [(await byTime.next()).value?.time];
      const anns = [(await byCustomer.next()).value?.time];

      for (let i = 0; i < 20; i++) {
        // Ahead and behind, other customers' and moved ones; enough that a file must grow.
        const news = Array.from({ length: 1000 }, (_, k) => sale(10_000 + i * 1000 + k, 'ann', k * 4 + 0.5));
        await tested.store.write([...news, sale(2999 - i, 'eve', 1), sale(3 * i, 'eve', 5000)]);
      }
      for (let next = await byTime.next(); next.done !== true; next = await byTime.next())
        times.push(next.value.time);
      for (let next = await byCustomer.next(); next.done !== true; next = await byCustomer.next())
        anns.push(next.value.time);
      expect(times).toEqual(Array.from({ length: 3000 }, (_, i) => i));
      expect(anns).toEqual(Array.from({ length: 1000 }, (_, i) => i * 3));

      expect(await all(tested.store.by('customer', 'eve'))).toHaveLength(40);
      expect(await tested.store.count()).toBe(23_000);
    });

    it('reads while a write is under way', async () => {
      await tested.store.write([sale(0, 'ann', 0)]);
      let last = 1;
      for (let i = 0; i < 10; i++) {
        const writing = tested.store.write(
          Array.from({ length: 500 }, (_, k) => sale(1 + i * 500 + k, 'ann', k)),
        );
        const [seen, first] = await Promise.all([
          all(tested.store.by('customer', 'ann')),
          tested.store.get(`${origin}/0/0`),
        ]);
        expect(first?.id).toBe(`${origin}/0/0`);
        // A write is seen whole or not at all.
        expect((seen.length - 1) % 500).toBe(0);
        expect(seen.length).toBeGreaterThanOrEqual(last);
        last = seen.length;
        await writing;
      }
      expect(await tested.store.count()).toBe(5001);
    });

    it('can give up a scan', async () => {
      await tested.store.write(Array.from({ length: 1000 }, (_, i) => sale(i, 'ann', i)));
      for await (const { time } of tested.store.byTime()) if (time === 3) break;
      await tested.store.write([sale(5000, 'ann', 1)]);
      expect(await tested.store.count()).toBe(1001);
    });

    it('finds documents of times that no Date holds, in the order of time, by ranges that are open to their side', async () => {
      await tested.start({ by: { customer: ({ customer }) => customer } });
      const times = [
        -Number.MAX_VALUE,
        -9e15,
        -8.64e15,
        -1.5,
        -0,
        0.5,
        8.64e15,
        9e15,
        Number.MAX_SAFE_INTEGER,
        1e300,
      ];
      await tested.store.write(
        times.map((timestamp, i) => ({ ...sale(i, 'ann', 1), timestamp })).toReversed(),
      );
      const found = await all(tested.store.byTime());
      expect(found.map(({ time }) => time)).toEqual(times.map(time => time + 0));
      const [first, last] = [new Date(-8.64e15), new Date(8.64e15)];
      for (const ask of [
        tested.store.byTime,
        (range: TimeRange) => tested.store.by('customer', 'ann', range),
      ]) {
        const asked = async (range: TimeRange) => offsets(await all(ask.call(tested.store, range)));
        expect(await asked({ from: last })).toEqual([6, 7, 8, 9]);
        expect(await asked({ to: first })).toEqual([0, 1]);
        expect(await asked({ from: first, to: last })).toEqual([2, 3, 4, 5]);
      }
    });

    it('refuses a question that is none, whatever a compiler would say, and tells nothing of what was asked', async () => {
      // What a program without types may ask.
      const store = tested.store as unknown as Record<
        'by' | 'byTime',
        (...asked: unknown[]) => AsyncIterable<unknown>
      > & {
        get(id: unknown): Promise<unknown>;
      };
      const refused = {
        code: 'STORE',
        remedy: expect.any(String),
        message: expect.not.stringContaining('4111'),
      };
      await tested.store.write([sale(0, 'ann', 1), sale(1, 'undefined', 1), sale(2, '', 1)]);
      for (const term of [undefined, null, 4111, ['ann'], { toString: () => 'ann' }, Symbol('4111')])
        await expect(all(store.by('customer', term))).rejects.toMatchObject(refused);
      for (const index of [undefined, null, 7, Symbol('4111'), 'custmer', 'toString', '__proto__'])
        await expect(all(store.by(index, 'ann'))).rejects.toMatchObject(refused);
      const ranges = [
        { frm: new Date(0) },
        { From: new Date(0) },
        { from: new Date(0), until: new Date(1) },
        { from: 0 },
        { to: '4111' },
        { from: null },
        { to: new Date(8.64e15 + 1) },
        new Date(0),
        [new Date(0), new Date(1)],
        null,
        4111,
        '4111',
        () => 0,
      ];
      for (const range of ranges) {
        await expect(all(store.byTime(range))).rejects.toMatchObject(refused);
        await expect(all(store.by('customer', 'ann', range))).rejects.toMatchObject(refused);
      }
      for (const id of [undefined, null, 4111, [`${origin}/0/0`], Symbol('4111')])
        await expect(store.get(id)).rejects.toMatchObject(refused);
      expect(await all(store.byTime({ from: undefined, to: undefined }))).toHaveLength(3);
      expect(await all(store.byTime({}))).toHaveLength(3);
    });

    it('says which name a misspelt one of a range likely means', async () => {
      const misspelt = { frm: new Date(0) } as TimeRange;
      await expect(all(tested.store.byTime(misspelt))).rejects.toMatchObject({
        message: expect.stringContaining("frm is no option; 'from' is"),
        remedy: 'Write from',
      });
    });

    it('refuses a range with an invalid date', async () => {
      const range = { from: new Date(Number.NaN) };
      await expect(all(tested.store.byTime(range))).rejects.toMatchObject({ code: 'STORE' });
      await expect(all(tested.store.by('customer', 'ann', range))).rejects.toMatchObject({ code: 'STORE' });
    });
  });
}
