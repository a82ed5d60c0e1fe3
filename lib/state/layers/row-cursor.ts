import type { Buffer } from 'node:buffer';
import type { StateBackend } from '../backend.js';
import type { KeyCursor } from '../sorted-keys.js';
import type { SortedMap } from '../sorted-map.js';
import type { KeyRange } from '../state-table.js';

/** Walks over rows; null: deleted. */
export interface RowCursor extends KeyCursor {
  /** Of the key where it stands. */
  row(): Buffer | null;
}

export function layerCursor(rows: SortedMap<Buffer | null>, range: KeyRange): RowCursor {
  const keys = rows.walk(range);
  return {
    get key() {
      return keys.key;
    },
    row: () => (keys.key === undefined ? null : (rows.get(keys.key) ?? null)),
    next: () => keys.next(),
  };
}

const leastOfPage = 16;
const mostOfPage = 1024;

/** Over a table of a backend, page after page: few rows at first, since mostly few are asked for. */
export function backendCursor(
  backend: StateBackend,
  table: string,
  range: KeyRange,
  limit: number,
): RowCursor {
  let size = Math.min(Math.max(limit, leastOfPage), mostOfPage);
  let page = backend.page(table, range, size);
  let at = 0;
  return {
    get key() {
      return page[at]?.[0];
    },
    row: () => page[at]?.[1] ?? null,
    next() {
      const last = page[at]?.[0];
      if (++at < size || last === undefined) return;
      size = Math.min(size * 4, mostOfPage);
      page = backend.page(table, behind(range, last), size);
      at = 0;
    },
  };
}

/** The rest of a range: no key lies between one and the same with a zero at its end. */
function behind(range: KeyRange, last: string): KeyRange {
  return range.reverse === true ? { ...range, to: last } : { ...range, from: `${last}\0` };
}

/**
 * The rows of several layers as one: of a key the newest layer has the word, also where it says that it is deleted.
 *
 * @param layers the newest first, all over the same range
 */
export function mergedCursor(layers: readonly RowCursor[], reverse: boolean): RowCursor {
  let key: string | undefined;
  let row: Buffer | null = null;
  const next = (): void => {
    // Deleted ones may follow each other, beyond the last row too.
    do {
      const first = firstOf(layers, reverse);
      key = first?.key;
      row = first?.row() ?? null;
      for (const layer of layers) if (key !== undefined && layer.key === key) layer.next();
    } while (key !== undefined && row === null);
  };
  next();
  return {
    get key() {
      return key;
    },
    row: () => row,
    next,
  };
}

/** The first of those that stand foremost. */
function firstOf(layers: readonly RowCursor[], reverse: boolean): RowCursor | undefined {
  let first: RowCursor | undefined;
  for (const layer of layers) {
    if (layer.key === undefined) continue;
    if (first?.key === undefined || (reverse ? layer.key > first.key : layer.key < first.key)) first = layer;
  }
  return first;
}
