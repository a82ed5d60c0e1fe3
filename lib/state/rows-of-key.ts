import { behind, timeAt, timeBytes, timeLength } from './processors/time-bytes.js';
import type { Entry, ReadTable } from './state-table.js';

const pageSize = 1_000;

/** All rows of a range, page by page. */
export function* rowsFrom<T>(table: ReadTable<T>, from: string, to: string | undefined): Generator<Entry<T>> {
  for (let next = from; ; ) {
    const rows = table.page({ from: next, to }, pageSize);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    next = behind(last[0]);
  }
}

/** How rows lie that begin with a time, of which each stretch has the keys in one order. */
export interface TimeOrder {
  /** The length of a stretch, milliseconds: all of it is under the time that it begins with. */
  readonly stretchMs: number;
  /** What stands behind that time in the rows of a key, whatever else is behind it. */
  headOf(key: string): string;
}

/**
 * The stretches of time in which there are rows of a key, by what these begin with. What is between them is leapt over: two rows are read of each stretch that there is,
 * however many keys have rows in it.
 *
 * @param from milliseconds since 1970
 * @param to itself not in it
 */
export function* stretchesOf(
  table: ReadTable<unknown>,
  key: string,
  { from, to, order: { stretchMs, headOf } }: { from: number; to: number; order: TimeOrder },
): Generator<string> {
  const head = headOf(key);
  const end = timeBytes(to);
  for (let next = timeBytes(Math.floor(from / stretchMs) * stretchMs) + head; ; ) {
    const [found] = table.page({ from: next, to: end }, 1);
    if (found === undefined) return;
    const [rowKey] = found;
    const stretch = rowKey.slice(0, timeLength);
    const own = stretch + head;
    if (rowKey < own) {
      next = own;
      continue;
    }
    if (rowKey.startsWith(own)) yield own;
    next = timeBytes(timeAt(rowKey, 0) + stretchMs) + head;
    if (next >= end) return;
  }
}
