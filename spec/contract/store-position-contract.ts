import type { StorePositions } from '../../lib/stores/port.js';
import { all, ids, offsets, origin, sale } from './sales.js';
import type { StoreTested } from './store-tested.js';

/** What every store that can tell its position must do. */
export function describePositions(tested: StoreTested): void {
  const positions = (): StorePositions => {
    const found = tested.store.positions;
    if (found === undefined) throw new Error('The store tells no positions');
    return found;
  };
  const at = (partition: number, offset: number) => ({ origin, partition, offset });

  describe('positions', () => {
    it('are the highest that was noted, for each origin and partition, also when opened again', async () => {
      expect(positions().read(origin, 0)).toBeUndefined();
      await positions().advance([at(0, 5), at(1, 2 ** 40), { origin: 'other', partition: 0, offset: 1 }]);
      await positions().advance([at(0, 7)]);
      const { id } = positions();
      await tested.store.close();
      await tested.store.open();
      expect(positions().id).toBe(id);
      expect(id).toMatch(/^\S{8,64}$/);
      expect(positions().read(origin, 0)).toBe(7);
      expect(positions().read(origin, 1)).toBe(2 ** 40);
      expect(positions().read('other', 0)).toBe(1);
      expect(positions().read('other', 1)).toBeUndefined();
      expect(await tested.store.count()).toBe(0);
    });

    it('never go back but by a reset, whoever notes an older one, in one go or beside others', async () => {
      await positions().advance([at(0, 50), at(0, 40), at(1, 3)]);
      expect(positions().read(origin, 0)).toBe(50);
      await positions().advance([at(0, 7), at(1, 4)]);
      expect([positions().read(origin, 0), positions().read(origin, 1)]).toEqual([50, 4]);
      await Promise.all([60, 10, 55].map(offset => positions().advance([at(0, offset)])));
      expect(positions().read(origin, 0)).toBe(60);
      await positions().reincarnate([at(0, 20)]);
      expect(positions().read(origin, 0)).toBe(20);
      await positions().advance([at(0, 19)]);
      expect(positions().read(origin, 0)).toBe(20);
    });

    it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
      'refuse an offset that is none: %p',
      async offset => {
        await expect(positions().advance([at(0, offset)])).rejects.toMatchObject({ code: 'STORE' });
        expect(positions().read(origin, 0)).toBeUndefined();
      },
    );

    it('are of a store with an id of its own', async () => {
      const { id } = positions();
      await tested.start();
      expect(positions().id).not.toBe(id);
    });

    it('stay with what was written and noted at once', async () => {
      await Promise.all([
        tested.store.write([sale(0, 'ann', 1, { origin: 'a' })]),
        positions().advance([{ origin: 'b', partition: 3, offset: 9 }, at(0, 1)]),
        tested.store.write([sale(0, 'ann', 2, { origin: 'c' })]),
      ]);
      expect(ids(await all(tested.store.byTime()))).toEqual(['a/0/0', 'c/0/0']);
      expect([positions().read('b', 3), positions().read(origin, 0)]).toEqual([9, 1]);
    });

    it('refuse everything once closed', async () => {
      const before = positions();
      await tested.store.close();
      const closed = { code: 'CLOSED' };
      expect(() => before.read(origin, 0)).toThrow(expect.objectContaining(closed));
      await expect(before.advance([at(0, 1)])).rejects.toMatchObject(closed);
      await expect(before.reincarnate([at(0, 1)])).rejects.toMatchObject(closed);
    });
  });

  describe('a new incarnation', () => {
    it('finds what is written again once, with its new value, whatever the record was made into before', async () => {
      await tested.store.write([
        sale(0, 'ann', 1),
        sale(1, 'ann', 2, { ordinal: '.0' }),
        sale(1, 'bob', 3, { ordinal: '.1' }),
        sale(2, 'bob', 4),
      ]);
      await positions().advance([at(0, 3)]);
      await positions().reincarnate([at(0, 1)]);
      expect(positions().read(origin, 0)).toBe(1);
      // Now one document of record 1 instead of two, and none of record 2.
      await tested.store.write([sale(1, 'cid', 20)]);
      expect(ids(await all(tested.store.byTime()))).toEqual([`${origin}/0/0`, `${origin}/0/1`]);
      expect(offsets(await all(tested.store.by('customer', 'ann')))).toEqual([0]);
      expect(await all(tested.store.by('customer', 'bob'))).toEqual([]);
      expect((await all(tested.store.by('customer', 'cid'))).map(({ value }) => value.note)).toEqual([
        'cid@20',
      ]);
      expect(await tested.store.get(`${origin}/0/1.0`)).toBeUndefined();
      expect(await tested.store.count()).toBe(2);
    });

    it('leaves alone what is below, other partitions and other origins', async () => {
      const kept = [
        sale(9, 'ann', 1),
        sale(10, 'ann', 2, { partition: 1 }),
        sale(11, 'ann', 3, { origin: 'cluster-1/topic-2' }),
        sale(12, 'ann', 4, { partition: 2 ** 31 - 1 }),
      ];
      await tested.store.write([...kept, sale(10, 'ann', 5), sale(2 ** 53 - 1, 'ann', 6, { ordinal: '.7' })]);
      await positions().reincarnate([at(0, 10), { origin: 'never seen', partition: 0, offset: 0 }]);
      expect(offsets(await all(tested.store.by('customer', 'ann')))).toEqual([9, 10, 11, 12]);
      expect(await tested.store.count()).toBe(kept.length);
    });

    it('can be begun again and again, of more documents than one transaction takes; each is found once', async () => {
      const many = Array.from({ length: 9_000 }, (_, i) => sale(i, `c${i % 7}`, i));
      await tested.store.write(many);
      // Filed behind the many, and found when they are gone.
      await tested.store.write([sale(0, 'late', 1, { partition: 1 })]);
      for (let i = 0; i < 2; i++) {
        await positions().reincarnate([at(0, 0)]);
        expect(await tested.store.count()).toBe(1);
        expect(offsets(await all(tested.store.by('customer', 'late')))).toEqual([0]);
      }
      await tested.store.write(many);
      expect(await tested.store.count()).toBe(9_001);
      const mine = many.filter(({ value }) => value.customer === 'c3');
      expect(offsets(await all(tested.store.by('customer', 'c3')))).toEqual(
        mine.map(({ source }) => source.offset),
      );
      expect(await all(tested.store.byTime())).toHaveLength(9_001);
    });
  });
}
