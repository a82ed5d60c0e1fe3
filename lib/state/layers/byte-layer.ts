import type { Buffer } from 'node:buffer';
import { SortedMap } from '../sorted-map.js';

/** What an entry costs beside the bytes of key and row: places in a map, a text, a buffer. */
export const entryOverhead = 200;

/** Rows of a table that are on their way to the backend: null, where the key is deleted. */
export class ByteLayer {
  readonly rows = new SortedMap<Buffer | null>();
  #bytes = 0;
  #growth = 0;

  /** In memory, estimated. */
  get bytes(): number {
    return this.#bytes;
  }

  /** By how many rows the table is larger with it, so far as that is known. */
  get growth(): number {
    return this.#growth;
  }

  /** @param key one that is not in it */
  add(key: string, row: Buffer | null, growth: number): void {
    this.#bytes += cost(key, row);
    this.#growth += growth;
    this.rows.set(key, row);
  }

  /** What is in the newer one is so here. */
  take(newer: ByteLayer): void {
    for (const [key, row] of newer.rows.entries()) {
      const before = this.rows.get(key);
      if (before !== undefined) this.#bytes -= cost(key, before);
      this.add(key, row, 0);
    }
    this.#growth += newer.growth;
  }
}

function cost(key: string, row: Buffer | null): number {
  return entryOverhead + key.length + (row?.length ?? 0);
}
