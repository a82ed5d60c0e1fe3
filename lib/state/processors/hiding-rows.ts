import { type TimeBound, unbounded } from '../../time/stream-time.js';
import type { CutNumbers, Entry, KeyRange, Row, StateTable } from '../state-table.js';
import type { ProcessorState } from './processor.js';
import { timeAt } from './time-bytes.js';

const SMALLEST_SEGMENT_MS = 60_000;

/**
 * Rows whose keys begin with the start of their window, as Kafka Streams' stores show them: not those that start at the newest
 * start - retention, or before. What is put there is kept nowhere, and told of as expired where those stores have dropped the whole segment of time.
 */
export class HidingRows<T> implements StateTable<T> {
  readonly #rows: StateTable<T>;
  readonly #numbers: CutNumbers;
  readonly #timeBound: TimeBound;
  readonly #retentionMs: number;
  readonly #segmentMs: number;
  readonly #expired: (start: number) => void;

  /** @param expired hears of a window whose row is looked up to be written, and will not be */
  constructor(
    rows: StateTable<T>,
    { numbers, timeBound }: Pick<ProcessorState, 'numbers' | 'timeBound'>,
    { retentionMs, expired }: { retentionMs: number; expired: (start: number) => void },
  ) {
    this.#segmentMs = Math.max(Math.floor(retentionMs / 2), SMALLEST_SEGMENT_MS);
    this.#expired = expired;
    this.#rows = rows;
    this.#numbers = numbers;
    this.#timeBound = timeBound ?? unbounded;
    this.#retentionMs = retentionMs;
  }

  get(key: string): Row<T> | undefined {
    const start = timeAt(key, 0);
    // It is about to be written, or deleted, which counts even where it is not there.
    const newest = Math.min(start, this.#timeBound());
    if (newest > this.#newestStart) this.#numbers.set('newestStart', newest);
    if (!this.#hides(start)) return this.#rows.get(key);
    if (this.#segment(start) < this.#segment(this.#newestStart - this.#retentionMs)) this.#expired(start);
    return undefined;
  }

  put(key: string, row: Row<T>): void {
    if (!this.#hides(timeAt(key, 0))) this.#rows.put(key, row);
  }

  delete(key: string): void {
    this.#rows.delete(key);
  }

  page(range: KeyRange, limit: number): readonly Entry<T>[] {
    return this.#rows.page(range, limit);
  }

  get #newestStart(): number {
    return this.#numbers.get('newestStart') ?? Number.NEGATIVE_INFINITY;
  }

  #hides(start: number): boolean {
    return start <= this.#newestStart - this.#retentionMs;
  }

  #segment(time: number): number {
    return Math.floor(time / this.#segmentMs);
  }
}
