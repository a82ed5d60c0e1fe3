import { KafkaRxError } from '../../errors/errors.js';
import { StreamTime } from '../../time/stream-time.js';
import { gridOf, longestOf, type WindowGrid } from '../../time/window-grid.js';
import type { GridWindows } from '../../time/windows.js';
import type { CutNumbers, Row, StateTable } from '../state-table.js';
import type { Fold } from './fold.js';
import type { Processor, ProcessorOutput, ProcessorState } from './processor.js';
import { behind, timeAt, timeBytes, timeLength } from './time-bytes.js';
import { UndoLog } from './undo-log.js';
import { type WindowPlace, WindowPlaces } from './window-places.js';

/** `updates`: each change of an aggregate; `final`: each aggregate once, when its window is closed. */
export type Emits = 'updates' | 'final';

/** What a record makes of one of its windows. */
interface Folded<A> {
  readonly place: WindowPlace;
  readonly rowKey: string;
  readonly before: Row<A> | undefined;
  readonly next: A | null;
  readonly newest: number;
}

/**
 * An aggregate for each key and window of a grid. Keys of its rows: the window's start, then the record's key; so a row is looked up by one
 * get, and closing and expiry walk a range from the oldest on.
 *
 * Numbers in the cut, beside stream time: `closedTo`, the start of the window that is being closed, all before it are; `closedRows`, how many rows of
 * it are out: none comes or goes any more, but by expiry, which waits until all are out; `expiredTo`, the start below which no row is left.
 */
export class WindowedAggregate<V, A> implements Processor<V, A> {
  readonly #rows: StateTable<A>;
  readonly #numbers: CutNumbers;
  readonly #time: StreamTime;
  readonly #fold: Fold<V | null, A>;
  readonly #emits: Emits;
  readonly #grid: WindowGrid;
  readonly #places: WindowPlaces;
  readonly #graceMs: number;
  /** For how long rows are kept behind the end of their window. */
  readonly #keptMs: number;
  readonly #undo = new UndoLog();

  #isLoaded = false;
  /** The first window that is not closed begins here. */
  #openFrom = 0;
  /** The first window whose rows are kept begins here. */
  #keptFrom = 0;
  #closedTo = 0;
  #closedRows = 0;
  #expiredTo = 0;
  /** The last row that closing has handed on; undefined: closedTo and closedRows say which. */
  #lastClosed: string | undefined;
  /** The last row that expiry has deleted: the walk need not pass what was deleted. Undefined: expiredTo says where it goes on. */
  #lastExpired: string | undefined;

  /** @throws `CONFIGURATION` for final results of windows that never close */
  constructor(
    state: ProcessorState,
    { windows, fold, emits }: { windows: GridWindows; fold: Fold<V | null, A>; emits: Emits },
  ) {
    if (windows.kind === 'unlimited' && emits === 'final') {
      throw new KafkaRxError(
        'CONFIGURATION',
        'final results were asked of unlimited windows, which never close',
        {
          remedy: "Emit 'updates'",
        },
      );
    }
    this.#rows = state.table('rows');
    this.#numbers = state.numbers;
    this.#time = new StreamTime(state.numbers, state.timeBound);
    this.#fold = fold;
    this.#emits = emits;
    this.#grid = gridOf(windows);
    this.#places = new WindowPlaces(this.#grid);
    this.#graceMs = windows.kind === 'unlimited' ? 0 : windows.graceMs;
    this.#keptMs = windows.kind === 'unlimited' ? 0 : windows.retentionMs - longestOf(windows);
  }

  take(key: string | undefined, value: V | null, timestamp: number, output: ProcessorOutput<A>): void {
    if (key === undefined) {
      output.notTaken('null-key', undefined);
      return;
    }
    if (!this.#isLoaded) this.#load();
    const grid = this.#grid;
    // First: what is in no calendar is refused, and counts for nothing.
    let start = grid.first(timestamp);
    if (this.#time.advance(timestamp)) this.#look();
    if (start > timestamp) {
      output.notTaken('no-window', undefined);
      return;
    }
    // In all of its windows or in none: nothing is put before each fold has passed, and nothing is told before all is put.
    const all: Folded<A>[] = [];
    for (; start <= timestamp; start = grid.next(start)) {
      const place = this.#places.of(start);
      if (start < this.#openFrom) output.notTaken('late', place.window);
      else all.push(this.#folded(place, key, value, timestamp));
    }
    this.#putAll(all);
    if (this.#emits === 'final') return;
    for (const { place, next, newest, before } of all)
      output.result(key, place.window, next, newest, before === undefined);
  }

  #folded(place: WindowPlace, key: string, value: V | null, timestamp: number): Folded<A> {
    const rowKey = place.prefix + key;
    const before = this.#rows.get(rowKey);
    const next = this.#fold(before?.value, value, key);
    const newest = before !== undefined && before.timestamp > timestamp ? before.timestamp : timestamp;
    return { place, rowKey, before, next, newest };
  }

  #putAll(all: readonly Folded<A>[]): void {
    this.#undo.whole(() => {
      for (const { rowKey, before, next, newest } of all) {
        if (next !== null) this.#rows.put(rowKey, { value: next, timestamp: newest });
        else if (before !== undefined) this.#rows.delete(rowKey);
        this.#undo.did(this.#rows, rowKey, before);
      }
    });
  }

  close(limit: number, output: ProcessorOutput<A>): boolean {
    if (!this.#isLoaded) this.#load();
    if (this.#time.catchUp()) this.#look();
    if (this.#emits === 'final' && this.#closedTo < this.#openFrom && this.#closeRows(limit, output))
      return true;
    // All that is past retention is closed, and here handed on.
    return this.#expiredTo < this.#keptFrom && this.#expireRows(this.#keptFrom, limit);
  }

  get streamTime(): number {
    return this.#time.now;
  }

  closesAt(): number | undefined {
    if (this.#emits === 'updates') return undefined;
    if (!this.#isLoaded) this.#load();
    const first = this.#rows.page({ from: timeBytes(this.#openFrom) }, 1)[0];
    return first && this.#grid.end(timeAt(first[0], 0)) + this.#graceMs;
  }

  passTo(time: number): void {
    if (!this.#isLoaded) this.#load();
    if (this.#time.advance(time)) this.#look();
  }

  get mayRise(): boolean {
    return this.#time.mayRise;
  }

  reset(): void {
    this.#time.reset();
    this.#isLoaded = false;
  }

  #load(): void {
    this.#closedTo = this.#numbers.get('closedTo') ?? 0;
    this.#closedRows = this.#numbers.get('closedRows') ?? 0;
    this.#expiredTo = this.#numbers.get('expiredTo') ?? 0;
    this.#lastClosed = undefined;
    this.#lastExpired = undefined;
    this.#look();
    this.#isLoaded = true;
  }

  /** What stream time says. */
  #look(): void {
    this.#openFrom = this.#grid.first(this.#time.now - this.#graceMs);
    this.#keptFrom = this.#grid.first(this.#time.now - this.#keptMs);
  }

  /** @returns whether there may be more */
  #closeRows(limit: number, output: ProcessorOutput<A>): boolean {
    const page = this.#rows.page({ from: this.#closingFrom(), to: timeBytes(this.#openFrom) }, limit);
    for (const [rowKey, row] of page) {
      const start = timeAt(rowKey, 0);
      this.#closedRows = start === this.#closedTo ? this.#closedRows + 1 : 1;
      this.#closedTo = start;
      this.#lastClosed = rowKey;
      output.result(rowKey.slice(timeLength), this.#places.of(start).window, row.value, row.timestamp);
    }
    const isMore = page.length === limit;
    if (!isMore) {
      this.#closedTo = this.#openFrom;
      this.#closedRows = 0;
      this.#lastClosed = undefined;
    }
    this.#numbers.set('closedTo', this.#closedTo);
    this.#numbers.set('closedRows', this.#closedRows);
    return isMore;
  }

  #closingFrom(): string {
    let from = this.#lastClosed === undefined ? timeBytes(this.#closedTo) : behind(this.#lastClosed);
    if (this.#lastClosed !== undefined) return from;
    // A process before this one handed on so many.
    for (let left = this.#closedRows; left > 0; ) {
      const page = this.#rows.page({ from }, Math.min(left, 1_000));
      const last = page.at(-1);
      if (last === undefined) break;
      from = behind(last[0]);
      left -= page.length;
    }
    return from;
  }

  /** @returns whether there may be more */
  #expireRows(to: number, limit: number): boolean {
    // Of windows that are past retention no row comes any more.
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
}
