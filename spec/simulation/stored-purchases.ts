/** What lies on the disks of a simulation's stores: of one in memory its documents, of LMDB the bytes. */
import type { MemoryStore } from 'kafka-rx';
import type { LmdbStore } from 'kafka-rx/lmdb';
import type { LmdbEntry, LmdbImage } from '../../lib/testing/simulation/lmdb-image.js';
import type { SimulationView } from '../../lib/testing/simulation/simulation-parts.js';

export interface StoredPurchase {
  readonly id: number;
  readonly customerId: string;
  readonly zipCode: string;
  readonly amount: number;
}

/** A store that a process has open, and where its bytes are. */
export interface ReadStore {
  readonly place: string;
  readonly store: LmdbStore<StoredPurchase, 'customer' | 'zip'>;
}

const owners = ['', 'p1/', 'p2/', 'p3/', 'p4/'];
const places = owners.map(owner => `${owner}history`);

/** Of each store that there is, what is durable. */
export function storedPurchases(view: SimulationView): readonly (readonly StoredPurchase[])[] {
  return places.flatMap(place => {
    const disk = view.disk(place);
    // Only memory stores of purchases are made in the purchase system.
    if (disk !== undefined)
      return [(disk as MemoryStore<StoredPurchase>).documents().map(({ value }) => value)];
    const durable = view.durable(place);
    return durable === undefined ? [] : [entriesOf(durable, 'documents').map(purchaseIn)];
  });
}

/** Of each store of batches that there is, the ids in each document that is durable. */
export function storedBatches(view: SimulationView): readonly (readonly (readonly number[])[])[] {
  return owners.flatMap(owner => {
    const durable = view.durable(`${owner}batches`);
    return durable === undefined ? [] : [entriesOf(durable, 'documents').map(batchIn)];
  });
}

/** What of a folder does not fit together: every document is counted, and filed once under its time and once under each of its two indexes. */
export function tornFolder(view: SimulationView): string | undefined {
  for (const place of places) {
    const durable = view.durable(place);
    if (durable === undefined) continue;
    const keys = entriesOf(durable, 'documents').map(({ key }) => key.toString('hex'));
    const filed = (table: string): string[] =>
      entriesOf(durable, table).map(
        ({ key }) => keys.find(one => key.toString('hex').endsWith(one)) ?? 'none',
      );
    const byTime = filed('by-time');
    if (byTime.sort().join() !== keys.join())
      return `${place}: by time are filed ${byTime.length} of ${keys.length}`;
    const byIndex = filed('by-index');
    if (byIndex.sort().join() !== keys.flatMap(key => [key, key]).join())
      return `${place}: by index are filed ${byIndex.length} of ${2 * keys.length}`;
    const counted = numberAt(durable, 'count') - numberAt(durable, 'removed');
    if (counted !== keys.length) return `${place}: ${keys.length} documents are counted as ${counted}`;
  }
  return undefined;
}

/** What is read through the store is what lies on its disk: all of it, in the order of time, and under each customer. */
export async function readAsStored(
  view: SimulationView,
  stores: readonly ReadStore[],
): Promise<string | undefined> {
  for (const { place, store } of stores) {
    const purchases = entriesOf(view.durable(place) ?? new Map(), 'documents').map(purchaseIn);
    const ids = (all: readonly StoredPurchase[]): string =>
      all
        .map(({ id }) => id)
        .sort((a, b) => a - b)
        .join();
    const read: { readonly id: string; readonly value: StoredPurchase; readonly time: number }[] = [];
    for await (const one of store.byTime()) read.push(one);
    for (const { id, value } of read)
      if ((await store.get(id))?.value.id !== value.id) return `${place}: ${id} is not found by its id`;
    const inOrder = read.every(({ time }, i) => time >= (read[i - 1]?.time ?? 0));
    const found = ids(read.map(({ value }) => value));
    if (!inOrder || found !== ids(purchases))
      return `${place}: by time are read ${found}, there are ${ids(purchases)}`;
    if ((await store.count()) !== purchases.length) return `${place}: not counted as ${purchases.length}`;
    for (const customer of new Set(purchases.map(({ customerId }) => customerId))) {
      const theirs: StoredPurchase[] = [];
      for await (const { value } of store.by('customer', customer)) theirs.push(value);
      const expected = ids(purchases.filter(({ customerId }) => customerId === customer));
      if (ids(theirs) !== expected)
        return `${place}: of ${customer} are read ${ids(theirs)}, not ${expected}`;
    }
  }
  return undefined;
}

function entriesOf(durable: LmdbImage, table: string): readonly LmdbEntry[] {
  return durable.get(`kafka-rx/${table}`) ?? [];
}

/** As lib/stores/lmdb-layout.ts has it: kind, time, generation, length of the filings (u32), filings, the codec's bytes. */
function textIn({ value }: LmdbEntry): string {
  return value.subarray(17 + value.readUInt32BE(13)).toString();
}

function purchaseIn(entry: LmdbEntry): StoredPurchase {
  return JSON.parse(textIn(entry));
}

function batchIn(entry: LmdbEntry): readonly number[] {
  const { ids }: { readonly ids: readonly number[] } = JSON.parse(textIn(entry));
  return ids;
}

function numberAt(durable: LmdbImage, name: string): number {
  return (
    entriesOf(durable, 'meta')
      .find(({ key }) => key.toString() === name)
      ?.value.readDoubleBE(0) ?? 0
  );
}
