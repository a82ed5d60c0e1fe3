import { Buffer } from 'node:buffer';
import type { LmdbRange } from '../../stores/lmdb-host.js';

export interface LmdbEntry {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** All tables of a simulated LMDB as one transaction left them, keys in the order of their bytes; never changed once made. */
export type LmdbImage = ReadonlyMap<string, readonly LmdbEntry[]>;

/** LMDB's own limits. */
const longestKey = 1978;

/** Where an entry with this key is, or would go. */
function placeOf(entries: readonly LmdbEntry[], key: Buffer): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = entries[middle];
    if (entry !== undefined && entry.key.compare(key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function entryAt(entries: readonly LmdbEntry[], key: Buffer): LmdbEntry | undefined {
  if (key.length === 0) throw new Error('Zero length key is not allowed in LMDB');
  const found = entries[placeOf(entries, key)];
  return found?.key.equals(key) === true ? found : undefined;
}

/** Places of the first entry of a range and of the one behind its last. */
export function bordersOf(entries: readonly LmdbEntry[], range: LmdbRange): readonly [number, number] {
  const { start, end, exclusiveStart = false, limit = Number.POSITIVE_INFINITY } = range;
  // LMDB would leave out a key that is lmdb-js's own first one.
  if (exclusiveStart && start === undefined) throw new Error('The simulated LMDB wants a start to leave out');
  let first = start === undefined ? 0 : placeOf(entries, start);
  if (exclusiveStart && start !== undefined && entries[first]?.key.equals(start)) first++;
  const behind = end === undefined ? entries.length : placeOf(entries, end);
  return [first, Math.min(behind, first + limit)];
}

/** What a transaction makes of an image: each table is copied at the first change. */
export class LmdbDraft {
  readonly #base: LmdbImage;
  readonly #changed = new Map<string, LmdbEntry[]>();
  /** Of entries put or removed, by table. */
  readonly #changes = new Map<string, number>();

  constructor(base: LmdbImage) {
    this.#base = base;
  }

  /** As it is by now. */
  get image(): LmdbImage {
    return new Map([...this.#base, ...this.#changed]);
  }

  entries(table: string): readonly LmdbEntry[] {
    return this.#changed.get(table) ?? this.#base.get(table) ?? [];
  }

  changes(table: string): number {
    return this.#changes.get(table) ?? 0;
  }

  make(table: string): void {
    this.#edited(table);
  }

  /** @returns whether the key is new, and so was put if `noOverwrite` */
  put(table: string, key: Buffer, value: Buffer, noOverwrite: boolean): boolean {
    if (key.length === 0) throw new Error('Zero length key is not allowed in LMDB');
    if (key.length > longestKey) throw new Error(`Key was too large, max key size is ${longestKey}`);
    const at = placeOf(this.entries(table), key);
    const isThere = this.entries(table)[at]?.key.equals(key) === true;
    if (isThere && noOverwrite) return false;
    // Copied at once, as LMDB does: the caller uses the memory again.
    const entry = { key: Buffer.from(key), value: Buffer.from(value) };
    this.#edited(table).splice(at, isThere ? 1 : 0, entry);
    return true;
  }

  /** @returns whether it was there */
  remove(table: string, key: Buffer): boolean {
    if (entryAt(this.entries(table), key) === undefined) return false;
    this.#edited(table).splice(placeOf(this.entries(table), key), 1);
    return true;
  }

  #edited(table: string): LmdbEntry[] {
    this.#changes.set(table, this.changes(table) + 1);
    let entries = this.#changed.get(table);
    if (entries === undefined) {
      entries = [...this.entries(table)];
      this.#changed.set(table, entries);
    }
    return entries;
  }
}
