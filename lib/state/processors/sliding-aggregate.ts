import type { SlidingWindows } from '../../time/sliding.js';
import { StreamTime } from '../../time/stream-time.js';
import type { CutNumbers, Row } from '../state-table.js';
import { ClosingIndex } from './closing-index.js';
import type { Fold } from './fold.js';
import type { Processor, ProcessorOutput, ProcessorState } from './processor.js';
import { type SlidingPut, SlidingRows, startOf } from './sliding-rows.js';
import { UndoLog } from './undo-log.js';
import type { Emits } from './windowed-aggregate.js';

/**
 * An aggregate for each key and each set of its records that are at most so far apart: windows `[start, start + difference]`.
 *
 * A record is in the window that ends at it (its left one), in those that are there and contain it, and makes two others: the one that begins behind the
 * record before it, and the one that begins behind itself if later records are there. The base of a new window is an aggregate that is there.
 * That of the last window that ends before the record holds exactly what the left one needs, if the last record in it is in that too; and the newest that
 * contains the record, as it was without it, what is behind the record.
 */
export class SlidingAggregate<V, A> implements Processor<V, A> {
  readonly #rows: SlidingRows<A>;
  /** Undefined: every update is emitted. */
  readonly #closing: ClosingIndex | undefined;
  readonly #numbers: CutNumbers;
  readonly #time: StreamTime;
  readonly #fold: Fold<V, A>;
  readonly #differenceMs: number;
  readonly #graceMs: number;
  #isLoaded = false;
  /** What ends before is closed. */
  #openFrom = 0;
  /** Starts of the windows that the record has met. */
  readonly #met: number[] = [];
  /** What becomes of them, and of those that it begins. */
  readonly #made: SlidingPut<A>[] = [];
  readonly #undo = new UndoLog();

  constructor(
    state: ProcessorState,
    { windows, fold, emits }: { windows: SlidingWindows; fold: Fold<V, A>; emits: Emits },
  ) {
    // Kafka Streams' store of final results still shows a window at the edge of the retention, which that of updates hides.
    const retentionMs = emits === 'final' ? windows.retentionMs + 1 : windows.retentionMs;
    this.#rows = new SlidingRows(state.table('rows'), state, { ...windows, retentionMs });
    this.#closing = emits === 'final' ? new ClosingIndex(state.table('closing'), state.numbers) : undefined;
    this.#numbers = state.numbers;
    this.#time = new StreamTime(state.numbers, state.timeBound);
    this.#fold = fold;
    this.#differenceMs = windows.differenceMs;
    this.#graceMs = windows.graceMs;
  }

  take(key: string | undefined, value: V | null, timestamp: number, output: ProcessorOutput<A>): void {
    if (key === undefined) {
      output.notTaken('null-key', undefined);
      return;
    }
    if (value === null) {
      output.notTaken('null-value', undefined);
      return;
    }
    if (!this.#isLoaded) this.#load();
    this.#time.advance(timestamp);
    this.#openFrom = this.#time.now - this.#graceMs;
    if (timestamp + this.#differenceMs < this.#openFrom) {
      output.notTaken('late', undefined);
      return;
    }
    this.#met.length = 0;
    this.#made.length = 0;
    if (timestamp < this.#differenceMs) this.#takeEarly(key, value, timestamp, output);
    else this.#takeUsual(key, value, timestamp, output);
    // Not before each fold has passed: the record counts in all of its windows or in none.
    this.#putAll(key);
    if (this.#closing === undefined) this.#tell(key, output);
  }

  #takeUsual(key: string, value: V, timestamp: number, output: ProcessorOutput<A>): void {
    const leftStart = timestamp - this.#differenceMs;
    let right: Row<A> | undefined;
    let left: Row<A> | undefined;
    let hasLeft = false;
    let isFirst = true; // of the records with its timestamp
    let previous: number | undefined;
    for (const [rowKey, row] of this.#rows.within(key, leftStart - this.#differenceMs, timestamp + 1, true)) {
      const start = startOf(rowKey);
      this.#met.push(start);
      if (start > timestamp) continue;
      if (start < leftStart) {
        left = row;
        // Where a deleted window would tell otherwise, too: so does Kafka Streams.
        previous = row.timestamp;
        break;
      }
      if (start > leftStart) right ??= row;
      else {
        hasLeft = true;
        isFirst = row.timestamp < timestamp;
        if (isFirst) previous = row.timestamp;
      }
      this.#update(key, start, row, value, timestamp, output);
    }
    if (!isFirst) return;
    if (previous !== undefined && previous + 1 >= leftStart) {
      this.#beginBehind(previous, key, value, timestamp, output);
    }
    if (!hasLeft) {
      const base = previous !== undefined && previous >= leftStart ? left?.value : undefined;
      this.#add(key, leftStart, base, value, timestamp, output);
    }
    this.#beginRight(right, timestamp);
  }

  /** All windows that would begin before 0 are one, which begins at 0. */
  #takeEarly(key: string, value: V, timestamp: number, output: ProcessorOutput<A>): void {
    let combined: Row<A> | undefined;
    let right: Row<A> | undefined;
    for (const [rowKey, row] of this.#rows.within(key, 0, timestamp + 1, false)) {
      const start = startOf(rowKey);
      this.#met.push(start);
      if (start === 0) combined = row;
      else if (start <= timestamp) {
        right = row;
        this.#update(key, start, row, value, timestamp, output);
      }
    }
    this.#beginRight(right ?? combined, timestamp);
    if (combined === undefined) {
      this.#add(key, 0, undefined, value, timestamp, output);
      return;
    }
    if (combined.timestamp < timestamp) {
      this.#beginBehind(combined.timestamp, key, value, timestamp, output);
    }
    this.#update(key, 0, combined, value, timestamp, output);
  }

  /** The window behind the record before: it holds this record alone, or is there. */
  #beginBehind(previous: number, key: string, value: V, timestamp: number, output: ProcessorOutput<A>): void {
    if (this.#met.includes(previous + 1)) return;
    this.#add(key, previous + 1, undefined, value, timestamp, output);
  }

  /** The window behind this record: later records are in it already, and it is never late. */
  #beginRight(right: Row<A> | undefined, timestamp: number): void {
    if (right === undefined || right.timestamp <= timestamp || this.#met.includes(timestamp + 1)) return;
    this.#made.push({
      start: timestamp + 1,
      before: undefined,
      value: right.value,
      timestamp: right.timestamp,
    });
  }

  #update(
    key: string,
    start: number,
    row: Row<A>,
    value: V,
    timestamp: number,
    output: ProcessorOutput<A>,
  ): void {
    if (this.#isLate(start, output)) return;
    const next = this.#fold(row.value, value, key);
    this.#made.push({
      start,
      before: row,
      value: next,
      timestamp: Math.max(row.timestamp, timestamp),
    });
  }

  #add(
    key: string,
    start: number,
    base: A | undefined,
    value: V,
    timestamp: number,
    output: ProcessorOutput<A>,
  ): void {
    if (this.#isLate(start, output)) return;
    this.#made.push({ start, before: undefined, value: this.#fold(base, value, key), timestamp });
  }

  #isLate(start: number, output: ProcessorOutput<A>): boolean {
    const end = start + this.#differenceMs;
    if (end >= this.#openFrom) return false;
    output.notTaken('late', { start, end });
    return true;
  }

  /** All that the record makes, or nothing, where the rules of rows forbid one. */
  #putAll(key: string): void {
    const undo = this.#undo;
    undo.whole(() => {
      for (const made of this.#made) {
        this.#rows.put(key, made, undo);
        if (this.#closing !== undefined) this.#index(this.#closing, key, made);
      }
    });
    for (const { start } of this.#made) this.#rows.hasPut(start);
  }

  #index(closing: ClosingIndex, key: string, { start, before, value }: SlidingPut<A>): void {
    if (value === null) {
      if (before !== undefined) closing.delete(key, start, this.#undo);
    } else if (before === undefined) closing.add(key, start, this.#undo);
  }

  #tell(key: string, output: ProcessorOutput<A>): void {
    for (const { start, before, value, timestamp } of this.#made)
      output.result(key, { start, end: start + this.#differenceMs }, value, timestamp, before === undefined);
  }

  close(limit: number, output: ProcessorOutput<A>): boolean {
    if (!this.#isLoaded) this.#load();
    this.#time.catchUp();
    if (this.#closing === undefined) return this.#rows.expire(Number.POSITIVE_INFINITY, limit);
    const before = this.#time.now - this.#graceMs - this.#differenceMs;
    const isMore = this.#closing.close(before, limit, (key, start) => {
      const row = this.#rows.get(key, start);
      if (row === undefined) return;
      output.result(key, { start, end: start + this.#differenceMs }, row.value, row.timestamp);
    });
    return isMore || this.#rows.expire(this.#closing.closedTo, limit);
  }

  get streamTime(): number {
    return this.#time.now;
  }

  closesAt(): number | undefined {
    if (!this.#isLoaded) this.#load();
    const start = this.#closing?.first;
    return start === undefined ? undefined : start + this.#differenceMs + this.#graceMs + 1;
  }

  passTo(time: number): void {
    this.#time.advance(time);
  }

  get mayRise(): boolean {
    return this.#time.mayRise;
  }

  reset(): void {
    this.#time.reset();
    this.#isLoaded = false;
  }

  #load(): void {
    this.#rows.load();
    this.#closing?.load(this.#rows.places());
    if (this.#closing === undefined) ClosingIndex.isLeft(this.#numbers);
    this.#isLoaded = true;
  }
}
