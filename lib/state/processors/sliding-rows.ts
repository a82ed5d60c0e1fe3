import { type TimeBound, unbounded } from '../../time/stream-time.js';
import { rowsFrom, stretchesOf, type TimeOrder } from '../rows-of-key.js';
import type { CutNumbers, Entry, ReadTable, Row, StateTable } from '../state-table.js';
import type { ProcessorState } from './processor.js';
import { behind, timeAt, timeBytes, timeLength } from './time-bytes.js';
import type { UndoLog } from './undo-log.js';

/** How many rows of a key are read at once. */
const pageSize = 128;

/** What becomes of a window. */
export interface SlidingPut<A> {
  readonly start: number;
  /** The row that there is, and is seen. */
  readonly before: Row<A> | undefined;
  /** Null: it is deleted. */
  readonly value: A | null;
  readonly timestamp: number;
}

/**
 * The windows of sliding aggregates. Keys of the rows: the segment of the start, the length of the record's key, that key, the start; so the windows of one
 * key lie in order of their starts, in two segments at most, and what is old is a range that goes segment by segment, without an index.
 *
 * A row whose start is so far behind the greatest one ever put is not seen any more, wherever its segment is: the answer does not depend on when
 * segments are cleared. Numbers in the cut: `newestStart`, that greatest one; `expiredTo`, the segment below which there is none.
 */
export class SlidingRows<A> {
  readonly #rows: StateTable<A>;
  readonly #numbers: CutNumbers;
  readonly #timeBound: TimeBound;
  readonly #retentionMs: number;
  readonly #segmentMs: number;
  #newestStart = -1;
  #expiredTo = 0;
  /** The last row that expiry has deleted, and no row is before it: the walk need not pass what was deleted. Undefined: expiredTo says where it goes on. */
  #lastExpired: string | undefined;
  /** The texts of the last segment and length: the next are mostly the same. */
  #segment: { readonly start: number; readonly text: string } = { start: 0, text: timeBytes(0) };
  #length: { readonly of: number; readonly text: string } = { of: 0, text: lengthBytes(0) };

  /** @param differenceMs alone says how long segments are: rows are found whatever else is changed */
  constructor(
    rows: StateTable<A>,
    { numbers, timeBound }: Pick<ProcessorState, 'numbers' | 'timeBound'>,
    { differenceMs, retentionMs }: { differenceMs: number; retentionMs: number },
  ) {
    this.#rows = rows;
    this.#numbers = numbers;
    this.#timeBound = timeBound ?? unbounded;
    this.#retentionMs = retentionMs;
    this.#segmentMs = segmentOf(differenceMs);
  }

  load(): void {
    this.#newestStart = this.#numbers.get('newestStart') ?? -1;
    this.#expiredTo = this.#numbers.get('expiredTo') ?? 0;
    this.#lastExpired = undefined;
  }

  /** Of all rows that there are. */
  *places(): Generator<{ readonly key: string; readonly start: number }> {
    for (const [rowKey] of rowsFrom(this.#rows, '', undefined))
      yield { key: slidingKeyIn(rowKey), start: startOf(rowKey) };
  }

  /** Whether there is such a row or not, it is not seen any more. */
  isHidden(start: number): boolean {
    return start <= this.#newestStart - this.#retentionMs;
  }

  /** Also of a window that is closed and waits to be handed on, hidden or not. */
  get(key: string, start: number): Row<A> | undefined {
    return this.#rows.get(this.#rowKey(key, start));
  }

  /**
   * Puts a row; where it stays, {@link hasPut} is told next.
   *
   * @param undo is told of it
   */
  put(key: string, { start, before: seen, value, timestamp }: SlidingPut<A>, undo: UndoLog): void {
    const rowKey = this.#rowKey(key, start);
    const before = seen ?? (this.isHidden(start) ? this.#rows.get(rowKey) : undefined);
    if (value === null) this.#rows.delete(rowKey);
    else this.#rows.put(rowKey, { value, timestamp });
    undo.did(this.#rows, rowKey, before);
    if (this.#lastExpired !== undefined && rowKey < this.#lastExpired) this.#lastExpired = undefined;
  }

  /** A row of it was put, which stays. */
  hasPut(start: number): void {
    const newest = Math.min(start, this.#timeBound());
    if (newest <= this.#newestStart) return;
    this.#newestStart = newest;
    this.#numbers.set('newestStart', newest);
  }

  /** The windows of a key that begin within these bounds, both included, and are seen; as they are when they are come to. */
  *within(key: string, from: number, to: number, reverse: boolean): Generator<Entry<A>> {
    const first = Math.max(0, from, this.#newestStart - this.#retentionMs + 1);
    if (first > to) return;
    const lower = this.#segmentOf(first);
    const upper = this.#segmentOf(to);
    for (const segment of lower === upper ? [lower] : reverse ? [upper, lower] : [lower, upper]) {
      const own = this.#prefix(segment, key);
      let low = own + timeBytes(Math.max(first, segment));
      let high = own + timeBytes(Math.min(to + 1, segment + this.#segmentMs));
      for (;;) {
        const page = this.#rows.page({ from: low, to: high, reverse }, pageSize);
        yield* page;
        const last = page.at(-1);
        if (page.length < pageSize || last === undefined) break;
        if (reverse) high = last[0];
        else low = behind(last[0]);
      }
    }
  }

  /**
   * Clears segments of which nothing is seen.
   *
   * @param below rows from this start on stay
   * @returns whether there may be more
   */
  expire(below: number, limit: number): boolean {
    const to = this.#segmentOf(Math.max(0, Math.min(below, this.#newestStart - this.#retentionMs + 1)));
    if (to <= this.#expiredTo) return false;
    const from = this.#lastExpired === undefined ? timeBytes(this.#expiredTo) : behind(this.#lastExpired);
    const page = this.#rows.page({ from, to: timeBytes(to) }, limit);
    for (const [rowKey] of page) this.#rows.delete(rowKey);
    const last = page.at(-1);
    const isMore = page.length === limit && last !== undefined;
    this.#lastExpired = isMore ? last[0] : undefined;
    this.#expiredTo = isMore ? timeAt(last[0], 0) : to;
    this.#numbers.set('expiredTo', this.#expiredTo);
    return isMore;
  }

  #rowKey(key: string, start: number): string {
    return this.#prefix(this.#segmentOf(start), key) + timeBytes(start);
  }

  #prefix(segment: number, key: string): string {
    if (this.#segment.start !== segment) this.#segment = { start: segment, text: timeBytes(segment) };
    // A key that another begins with would have the other's windows among its own.
    if (this.#length.of !== key.length) this.#length = { of: key.length, text: lengthBytes(key.length) };
    return this.#segment.text + this.#length.text + key;
  }

  #segmentOf(start: number): number {
    return Math.floor(start / this.#segmentMs) * this.#segmentMs;
  }
}

/** The keys of rows, of these windows. */
export function slidingRowKeys(differenceMs: number): (key: string, start: number) => string {
  const segmentMs = segmentOf(differenceMs);
  return (key, start) =>
    timeBytes(Math.floor(start / segmentMs) * segmentMs) + lengthBytes(key.length) + key + timeBytes(start);
}

/** The rows of a key whose windows begin in that time. */
export function* slidingRowsOf<T>(
  rows: ReadTable<T>,
  key: string,
  { from, to, differenceMs }: { readonly from: number; readonly to: number; readonly differenceMs: number },
): Generator<Entry<T>> {
  const order: TimeOrder = {
    stretchMs: segmentOf(differenceMs),
    headOf: of => lengthBytes(of.length) + of,
  };
  for (const own of stretchesOf(rows, key, { from, to, order }))
    yield* rowsFrom(rows, own + timeBytes(from), own + timeBytes(to));
}

/** The record's key in a row's. */
export function slidingKeyIn(rowKey: string): string {
  return rowKey.slice(timeLength + 4, -timeLength);
}

/** Milliseconds of a segment: the windows of a key that a record may touch are in two of them at most. */
function segmentOf(differenceMs: number): number {
  return Math.max(2 * differenceMs + 2, 60_000);
}

/** The start that a row's key ends with. */
export function startOf(rowKey: string): number {
  return timeAt(rowKey, rowKey.length - timeLength);
}

function lengthBytes(length: number): string {
  return String.fromCharCode(length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255);
}
