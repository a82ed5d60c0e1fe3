import { lmdbOn } from '../../../lib/stores/lmdb-store.js';
import { Disks } from '../../../lib/testing/simulation/disks.js';
import type { LmdbImage } from '../../../lib/testing/simulation/lmdb-image.js';
import { origin, saleCodec } from '../../contract/sales.js';
import { lmdbInMemory } from '../../stores/lmdb-in-memory.js';

/** Disks, a store on one of them, and what was found wrong. */
async function storeOnDisk() {
  const wrong: string[] = [];
  const disks = new Disks((invariant, message) => wrong.push(`${invariant}: ${message}`));
  const disk = disks.folder('p1/sales');
  const store = lmdbOn(lmdbInMemory(disk), 'sales', { value: saleCodec });
  await store.open();
  const advance = async (offset: number): Promise<void> => {
    await store.positions?.advance([{ origin, partition: 0, offset }]);
  };
  const put = (image: LmdbImage): void => {
    const writer = {};
    disk.beginNow(writer);
    disk.commit(writer, image, true);
  };
  return { wrong, disk, store, advance, put };
}

test('a position that is noted in turn, also a lower one, goes nowhere back', async () => {
  const { wrong, store, advance } = await storeOnDisk();
  for (const offset of [3, 7, 5, 7]) await advance(offset);
  await store.positions?.reincarnate([{ origin, partition: 0, offset: 2 }]);
  await advance(4);
  await store.close();
  expect(wrong).toEqual([]);
});

test('a disk that has lost or lowered a position without a reset is told', async () => {
  const { wrong, disk, store, advance, put } = await storeOnDisk();
  await advance(3);
  const before = disk.durable;
  await advance(7);
  put(before);
  expect(wrong).toEqual(['positions of a store never go back: p1/sales: position 0/0 was 7 and is 3']);
  put(new Map());
  expect(wrong.at(-1)).toBe('positions of a store never go back: p1/sales: position 0/0 was 3 and is gone');
  await store.close();
});
