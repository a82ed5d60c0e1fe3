import type { LmdbTable } from '../../../lib/stores/lmdb-host.js';
import { lmdbOn } from '../../../lib/stores/lmdb-store.js';
import { LmdbDisk } from '../../../lib/testing/simulation/lmdb-disk.js';
import { type LmdbLink, SimulatedLmdb } from '../../../lib/testing/simulation/simulated-lmdb.js';
import { all, sale, saleCodec, saleIndexes } from '../../contract/sales.js';
import { asTheStore, atOnce, lmdbInMemory } from '../../stores/lmdb-in-memory.js';

const later = { ...asTheStore, overlappingSync: true };
const neverFlushed: LmdbLink = { ...atOnce, whenFlushed: () => {} };

function tableOf(root: SimulatedLmdb): LmdbTable {
  const table = root.openDB('t');
  if (table === undefined) throw new Error('no table');
  return table;
}

function put(root: SimulatedLmdb, table: LmdbTable, ...names: readonly string[]): Promise<void> {
  return root.childTransaction(() => {
    for (const name of names) table.put(Buffer.from(name), Buffer.from('v'));
  });
}

/** What a process finds that opens the folder now. */
function found(disk: LmdbDisk): string {
  const root = new SimulatedLmdb(disk, asTheStore, atOnce);
  const keys = [...tableOf(root).getKeys()].map(String).join(' ');
  root.died();
  return keys;
}

describe('when a process dies', () => {
  it.each([
    [0, ''],
    [1, 'a b'],
    [2, 'a b c'],
    [3, 'a b c d e'],
  ])(
    'a disk that has flushed %i of its transactions has these, whole, and none behind them',
    async (kept, keys) => {
      const disk = new LmdbDisk();
      const root = new SimulatedLmdb(disk, later, {
        ...neverFlushed,
        choose: (_label, n) => Math.min(kept, n - 1),
      });
      const table = tableOf(root);
      await put(root, table, 'a', 'b');
      await put(root, table, 'c');
      await put(root, table, 'd', 'e');
      expect([...table.getKeys()].join('')).toBe('abcde');
      root.died();
      expect(found(disk)).toBe(keys);
    },
  );

  it('what was flushed before it was reported is there, whatever the disk keeps', async () => {
    const disk = new LmdbDisk();
    const root = new SimulatedLmdb(disk, asTheStore, { ...neverFlushed, choose: () => 0 });
    const table = tableOf(root);
    await put(root, table, 'a');
    await put(root, table, 'b');
    root.died();
    expect(found(disk)).toBe('a b');
  });

  it('what another process has written and seen stays while that one runs', async () => {
    const disk = new LmdbDisk();
    const [dying, staying] = [1, 2].map(() => new SimulatedLmdb(disk, later, neverFlushed));
    if (dying === undefined || staying === undefined) throw new Error('two were made');
    await put(dying, tableOf(dying), 'a');
    const table = tableOf(staying);
    dying.died();
    expect([...table.getKeys()].join('')).toBe('a');
    staying.died();
    expect(found(disk)).toBe('');
  });

  it.each([
    ['is not there', 0, ''],
    ['is there as a whole', 1, 'a b'],
  ])('a transaction on its way to the disk %s, as it falls', async (_what, lands, keys) => {
    const disk = new LmdbDisk();
    const sent: (() => void)[] = [];
    const link: LmdbLink = {
      ...atOnce,
      call: (what, effect) =>
        what === 'lmdb commit'
          ? new Promise(() => sent.push(() => void effect()))
          : atOnce.call(what, effect),
      choose: () => lands,
    };
    const root = new SimulatedLmdb(disk, asTheStore, link);
    const table = tableOf(root);
    void put(root, table, 'a', 'b');
    await new Promise(resolve => setImmediate(resolve));
    expect(sent).toHaveLength(1);
    root.died();
    // What arrives afterwards changes nothing any more.
    for (const arrives of sent) arrives();
    expect(found(disk)).toBe(keys);
  });

  it('the next process writes, though it died while it alone might', async () => {
    const disk = new LmdbDisk();
    const never: LmdbLink = {
      ...atOnce,
      call: (what, effect) => (what === 'lmdb commit' ? new Promise(() => {}) : atOnce.call(what, effect)),
    };
    const dying = new SimulatedLmdb(disk, asTheStore, never);
    const table = tableOf(dying);
    const next = new SimulatedLmdb(disk, asTheStore, atOnce);
    void put(dying, table, 'a');
    await new Promise(resolve => setImmediate(resolve));
    const written = put(next, tableOf(next), 'b');
    dying.died();
    await written;
    expect(found(disk)).toBe('b');
  });
});

test('one process writes at a time, each on what the one before has left', async () => {
  const disk = new LmdbDisk();
  const roots = [1, 2, 3].map(() => new SimulatedLmdb(disk, asTheStore, atOnce));
  const writes = roots.flatMap((root, i) => [1, 2].map(n => put(root, tableOf(root), `${i}${n}`)));
  await Promise.all(writes);
  expect(found(disk)).toBe('01 02 11 12 21 22');
});

test('what a table gives while it is written to is refused, not guessed', async () => {
  const root = new SimulatedLmdb(new LmdbDisk(), asTheStore, atOnce);
  const table = tableOf(root);
  await put(root, table, 'a', 'b', 'c');
  const written = root.childTransaction(() => {
    for (const key of table.getKeys()) table.remove(key);
  });
  await expect(written).rejects.toThrow(/written to meanwhile/);
  expect([...table.getKeys()].join('')).toBe('abc');
});

test('a commit that fails is told by the store with its cause, and leaves nothing', async () => {
  let fails = false;
  const store = lmdbOn(lmdbInMemory(new LmdbDisk(), { fails: () => fails }), 'sales', {
    ...saleIndexes,
    value: saleCodec,
  });
  await store.open();
  fails = true;
  await expect(store.write([sale(0, 'ann', 0)])).rejects.toThrow(
    /Could not write the store sales .*: ENOSPC/,
  );
  expect(await store.count()).toBe(0);
  fails = false;
  await store.write([sale(0, 'ann', 0)]);
  expect(await store.count()).toBe(1);
  await store.close();
});

test('a store whose first write failed files what it writes then, also for who opens it next', async () => {
  let fails = false;
  const disk = new LmdbDisk();
  const options = { ...saleIndexes, value: saleCodec };
  const store = lmdbOn(lmdbInMemory(disk, { fails: () => fails }), 'sales', options);
  await store.open();
  fails = true;
  await expect(store.write([sale(0, 'ann', 0)])).rejects.toThrow('Could not write');
  fails = false;
  await store.write([sale(0, 'ann', 0)]);
  expect(await all(store.by('customer', 'ann'))).toHaveLength(1);
  await store.close();
  const next = lmdbOn(lmdbInMemory(disk), 'sales', options);
  await next.open();
  expect(await all(next.by('customer', 'ann'))).toHaveLength(1);
  await next.close();
});
