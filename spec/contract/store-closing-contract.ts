import { all, ids, origin, sale } from './sales.js';
import type { StoreTested } from './store-tested.js';

/** What every store must do when it is opened and closed. */
export function describeOpeningAndClosing(tested: StoreTested): void {
  describe('opening and closing', () => {
    it('can be opened twice and closed twice, at once too', async () => {
      await Promise.all([tested.store.open(), tested.store.open()]);
      await tested.store.write([sale(0, 'ann', 1)]);
      await Promise.all([tested.store.close(), tested.store.close()]);
      await tested.store.close();
    });

    it('refuses everything once closed', async () => {
      await tested.store.write([sale(0, 'ann', 1)]);
      const scan = tested.store.byTime()[Symbol.asyncIterator]();
      await tested.store.close();
      const closed = { code: 'CLOSED' };
      await expect(tested.store.write([sale(1, 'ann', 1)])).rejects.toMatchObject(closed);
      await expect(tested.store.write([])).rejects.toMatchObject(closed);
      await expect(tested.store.get(`${origin}/0/0`)).rejects.toMatchObject(closed);
      await expect(tested.store.count()).rejects.toMatchObject(closed);
      await expect(all(tested.store.byTime())).rejects.toMatchObject(closed);
      await expect(all(tested.store.by('customer', 'ann'))).rejects.toMatchObject(closed);
      await expect(scan.next()).rejects.toMatchObject(closed);
    });

    it('ends a scan that is under way when it is closed', async () => {
      await tested.store.write(Array.from({ length: 2000 }, (_, i) => sale(i, 'ann', i)));
      const scan = tested.store.byTime()[Symbol.asyncIterator]();
      await scan.next();
      await tested.store.close();
      await expect(scan.next()).rejects.toMatchObject({ code: 'CLOSED' });
    });

    it('finishes the write that is under way when it is closed', async () => {
      const writing = tested.store.write([sale(0, 'ann', 1)]);
      await tested.store.close();
      await writing;
      await tested.store.open();
      expect(await tested.store.count()).toBe(1);
    });

    it('has its documents when opened again', async () => {
      await tested.store.write([sale(0, 'ann', 1), sale(1, 'ann', 2, { origin: 'other' })]);
      await tested.store.close();
      await tested.store.open();
      expect(ids(await all(tested.store.by('customer', 'ann')))).toEqual([`${origin}/0/0`, 'other/0/1']);
      await tested.store.write([sale(0, 'bob', 1), sale(2, 'ann', 3, { origin: 'third' })]);
      expect(ids(await all(tested.store.by('customer', 'ann')))).toEqual(['other/0/1', 'third/0/2']);
      expect(await tested.store.count()).toBe(3);
    });
  });
}
