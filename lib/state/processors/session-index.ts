import type { StateTable } from '../state-table.js';
import { Front } from './front.js';
import { timeAt, timeBytes, timeLength } from './time-bytes.js';

/** A place in the index: what its session was when it was put there. */
export interface IndexedSession {
  readonly at: string;
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Sessions by end, start and key: the order in which time passes them. A session that grows stays where it is in the index, so that a record
 * costs nothing here; who comes to its place puts it where it ends by then.
 */
export class SessionIndex {
  readonly #table: StateTable<null>;
  /** No place is before. */
  #earliestEnd = Number.NEGATIVE_INFINITY;
  readonly #front = new Front();

  constructor(table: StateTable<null>) {
    this.#table = table;
  }

  put(key: string, start: number, end: number): void {
    const at = timeBytes(end) + timeBytes(start) + key;
    this.#table.put(at, { value: null, timestamp: end });
    if (end < this.#earliestEnd) this.#earliestEnd = end;
    this.#front.put(at);
  }

  /** @param place the first that there is, as `before` gives them */
  delete({ at }: IndexedSession): void {
    this.#table.delete(at);
    this.#front.passed(at);
  }

  /** Whether there may be a place before this end. */
  reaches(end: number): boolean {
    return end > this.#earliestEnd && end > 0;
  }

  /** The first places before this end. */
  before(end: number, limit: number): readonly IndexedSession[] {
    return this.#table.page({ from: this.#front.from, to: timeBytes(end) }, limit).map(([at]) => ({
      at,
      key: at.slice(2 * timeLength),
      start: timeAt(at, timeLength),
      end: timeAt(at, 0),
    }));
  }

  /** The end of the first place. */
  get first(): number | undefined {
    const first = this.#table.page({ from: this.#front.from }, 1)[0];
    return first && timeAt(first[0], 0);
  }

  /** Learns which place is the first now. */
  settle(): void {
    this.#earliestEnd = this.first ?? Number.POSITIVE_INFINITY;
  }

  /** Forgets what is no part of the cut. */
  reset(): void {
    this.#earliestEnd = Number.NEGATIVE_INFINITY;
    this.#front.reset();
  }
}
