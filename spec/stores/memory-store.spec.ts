import { memoryStore } from '../../lib/stores/memory-store.js';
import { origin, sale, saleIndexes } from '../contract/sales.js';

describe('the memory store', () => {
  it('is durable when write returns', () => {
    const store = memoryStore('sales', saleIndexes);
    void store.open();
    expect(store.write([sale(1, 'ann', 20), sale(0, 'bob', 10)])).toBeUndefined();
    expect(store.documents().map(({ id, time }) => [id, time])).toEqual([
      [`${origin}/0/0`, 10],
      [`${origin}/0/1`, 20],
    ]);
  });

  it('fails as many writes as it was told to, storing nothing of them', async () => {
    const store = memoryStore('sales', saleIndexes);
    await store.open();
    store.failWrites(2);
    for (let i = 0; i < 2; i++) {
      await expect(store.write([sale(0, 'ann', 1)])).rejects.toMatchObject({
        code: 'STORE',
        retriable: true,
      });
    }
    expect(store.documents()).toEqual([]);
    const full = new Error('disk full');
    store.failWrites(1, full);
    await expect(store.write([sale(0, 'ann', 1)])).rejects.toBe(full);
    expect(store.write([sale(0, 'ann', 1)])).toBeUndefined();
    expect(store.documents()).toHaveLength(1);
  });

  it('stores what was held, in order, when released', async () => {
    const store = memoryStore('sales', saleIndexes);
    await store.open();
    store.holdWrites();
    const writes = [store.write([sale(0, 'ann', 1)]), store.write([sale(0, 'bob', 2)])];
    await Promise.resolve();
    expect(store.documents()).toEqual([]);
    store.releaseWrites();
    expect(store.documents().map(({ value }) => value.customer)).toEqual(['bob']);
    await Promise.all(writes);
    expect(store.write([sale(1, 'ann', 1)])).toBeUndefined();
  });
});
