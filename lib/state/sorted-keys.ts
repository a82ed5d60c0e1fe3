import type { KeyRange } from './state-table.js';

/** Keys of a chunk at most; half of it is what an insertion moves on average. */
const longestChunk = 256;

/** Walks over keys; nothing may be added or removed meanwhile. */
export interface KeyCursor {
  /** Where it stands; undefined: behind the last. */
  readonly key: string | undefined;
  next(): void;
}

/**
 * A sorted set of keys, in chunks that are arrays: looking up and adding cost two binary searches and the move of some hundred pointers,
 * however many there are.
 */
export class SortedKeys {
  /** None of them empty. */
  readonly #chunks: string[][] = [];

  /** @param sorted ascending, each once */
  static of(sorted: readonly string[]): SortedKeys {
    const keys = new SortedKeys();
    for (let at = 0; at < sorted.length; at += longestChunk) {
      keys.#chunks.push(sorted.slice(at, at + longestChunk));
    }
    return keys;
  }

  add(key: string): void {
    const chunks = this.#chunks;
    const at = Math.min(this.#chunkOf(key), chunks.length - 1);
    const chunk = chunks[at];
    if (chunk === undefined) {
      chunks.push([key]);
      return;
    }
    const place = placeIn(chunk, key);
    if (chunk[place] === key) return;
    // Keys that come in order, as times do, fill their chunks.
    if (place === longestChunk) {
      chunks.splice(at + 1, 0, [key]);
      return;
    }
    chunk.splice(place, 0, key);
    if (chunk.length > longestChunk) chunks.splice(at + 1, 0, chunk.splice(longestChunk / 2));
  }

  remove(key: string): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return;
    const place = placeIn(chunk, key);
    if (chunk[place] !== key) return;
    chunk.splice(place, 1);
    const next = this.#chunks[at + 1];
    if (chunk.length === 0) this.#chunks.splice(at, 1);
    else if (next !== undefined && chunk.length + next.length <= longestChunk / 2) {
      this.#chunks.splice(at, 2, [...chunk, ...next]);
    }
  }

  walk({ from, to, reverse = false }: KeyRange): KeyCursor {
    const start = reverse ? to : from;
    const bound = reverse ? from : to;
    let at = start === undefined ? (reverse ? this.#chunks.length : 0) : this.#chunkOf(start);
    let chunk = this.#chunks[at] ?? [];
    let place = start === undefined ? 0 : placeIn(chunk, start);
    const ends = (key: string): boolean => bound !== undefined && (reverse ? key < bound : key >= bound);
    const cursor = {
      key: undefined as string | undefined,
      next: reverse
        ? () => {
            if (place === 0) {
              chunk = this.#chunks[--at] ?? [];
              place = chunk.length;
            }
            stand(chunk[--place]);
          }
        : () => {
            if (++place >= chunk.length) {
              chunk = this.#chunks[++at] ?? [];
              place = 0;
            }
            stand(chunk[place]);
          },
    };
    const stand = (key: string | undefined): void => {
      cursor.key = key === undefined || ends(key) ? undefined : key;
    };
    if (reverse) cursor.next();
    else stand(chunk[place]);
    return cursor;
  }

  /** The chunk that has the key or would take it; their number, where all keys are below it. */
  #chunkOf(key: string): number {
    const chunks = this.#chunks;
    return firstFrom(chunks.length, middle => {
      // The middle is of a chunk, and none is empty.
      const chunk = chunks[middle] as readonly string[];
      return (chunk[chunk.length - 1] as string) < key;
    });
  }
}

/** How many keys of it are below. @param chunk ascending */
export function placeIn(chunk: readonly string[], key: string): number {
  // The middle is of a key.
  return firstFrom(chunk.length, middle => (chunk[middle] as string) < key);
}

/** The first place that is not below, of places in order. */
function firstFrom(places: number, isBelow: (place: number) => boolean): number {
  let low = 0;
  let high = places;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBelow(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
