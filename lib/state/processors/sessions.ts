import { type TimeBound, unbounded } from '../../time/stream-time.js';
import type { CutNumbers, Entry, Row, StateTable } from '../state-table.js';
import type { ProcessorOutput, ProcessorState } from './processor.js';
import { RecentlyUsed } from './recently-used.js';
import { type IndexedSession, SessionIndex } from './session-index.js';
import { behind, timeAt, timeBytes, timeLength } from './time-bytes.js';

/** A session as it is found: its bounds, both in it, and what is aggregated. */
export interface Session<A> {
  readonly start: number;
  readonly end: number;
  /** The key of its row. */
  readonly at: string;
  readonly row: Row<A>;
}

/** The last session of a key. */
interface Last {
  start: number;
  end: number;
  /** The key of its row. */
  at: string;
}

/** The bytes of an end and a start behind a key. */
const BOUNDS = 2 * timeLength;
/** Above each end: the first byte of a safe integer's eight is 0. */
const BEHIND_ENDS = '\x01';
const PAGE = 8;
/** Of a generation: a few megabytes. */
const KEYS = 8192;
const SMALLEST_SEGMENT_MS = 60_000;

export interface SessionsOptions {
  readonly gapMs: number;
  readonly graceMs: number;
  /** How long behind the newest end of all a row stays. */
  readonly retentionMs: number;
  /** Whether sessions are closed: then they can be found until that, else as long as they are kept. */
  readonly final: boolean;
}

/**
 * The sessions of all keys of a task. A row's key is the record's, end and start (eight bytes each, as in the changelog); beside the rows
 * stand indexes of what is to be closed, and of what is to be removed. Of each key used lately the bounds of its last session are
 * remembered, since a record that is not older needs no search: sessions that can be found are apart by more than the gap.
 *
 * Several processors may write into the same: the sides of a cogroup.
 */
export class Sessions<A> {
  /** What the last search has found, in the order of ends. */
  readonly found: Session<A>[] = [];
  readonly #rows: StateTable<A>;
  /** Of what can be found, until it is closed or removed. */
  readonly #index: SessionIndex;
  /** Of what is closed and kept: undefined where nothing is. */
  readonly #closed: SessionIndex | undefined;
  readonly #numbers: CutNumbers;
  readonly #gapMs: number;
  /** How long behind the newest end of all a session can be found. */
  readonly #timeBound: TimeBound;
  readonly #foundMs: number;
  readonly #retentionMs: number;
  readonly #segmentMs: number;
  readonly #last = new RecentlyUsed<Last>(KEYS);
  /** Whether what takes the place of what was found is the last session of its key. */
  #becomesLast = false;

  constructor(state: ProcessorState, { gapMs, graceMs, retentionMs, final }: SessionsOptions) {
    this.#rows = state.table('sessions');
    this.#index = new SessionIndex(state.table('sessions-by-end'));
    if (final && retentionMs > gapMs + graceMs)
      this.#closed = new SessionIndex(state.table('closed-sessions-by-end'));
    this.#numbers = state.numbers;
    this.#timeBound = state.timeBound ?? unbounded;
    this.#gapMs = gapMs;
    this.#foundMs = final ? Number.POSITIVE_INFINITY : retentionMs;
    this.#retentionMs = retentionMs;
    this.#segmentMs = Math.max(Math.floor(retentionMs / 2), SMALLEST_SEGMENT_MS);
  }

  /** Forgets what is no part of the cut: after an abort. */
  reset(): void {
    this.#last.clear();
    this.#index.reset();
    this.#closed?.reset();
  }

  /**
   * Finds a key's sessions that a record of this time belongs to, into `found`.
   *
   * @param from the first end of a session that may be found
   */
  find(key: string, timestamp: number, from: number): void {
    const { found } = this;
    found.length = 0;
    const first = Math.max(from, timestamp - this.#gapMs, this.#hiddenEnd() + 1, 0);
    const last = this.#last.get(key);
    this.#becomesLast = last !== undefined && timestamp >= last.start;
    if (last === undefined || !this.#becomesLast) this.#search(key, timestamp, first);
    else if (last.end >= first) this.#findLast(last);
  }

  /**
   * Puts a session in the place of those that `find` has found last. Where it throws, since the rules of rows forbid it, those are still there.
   *
   * @param value null: there is none any more
   * @returns false if Kafka Streams' store, which forgets whole segments of time, would have dropped it
   */
  replaceFound(key: string, start: number, end: number, value: A | null): boolean {
    const newest = Math.max(Math.min(end, this.#timeBound()), this.#newestEnd());
    const at = rowKey(key, start, end);
    const kept = value !== null && end > newest - this.#foundMs;
    if (kept) this.#put(key, start, end, { value, timestamp: end });
    for (const found of this.found) if (!kept || found.at !== at) this.#rows.delete(found.at);
    if (newest > this.#newestEnd()) this.#numbers.set('newest-end', newest);
    if (this.#becomesLast) this.#setLast(key, start, end, kept ? at : undefined);
    return !(end < this.#removedBefore());
  }

  #put(key: string, start: number, end: number, row: Row<A>): void {
    const at = rowKey(key, start, end);
    this.#rows.put(at, row);
    // Else it will be found from the place of what it grew out of, which comes before its own.
    const [first] = this.found;
    if (first !== undefined && (end !== first.end || start >= first.start)) return;
    try {
      this.#index.put(key, start, end);
    } catch (cause) {
      // It is new where it gets a place.
      this.#rows.delete(at);
      throw cause;
    }
  }

  /** The first end of those that can be found; it may have grown since. */
  firstEnd(): number | undefined {
    return this.#index.first;
  }

  /**
   * Closes the sessions that end before, in the order of end, start and key.
   *
   * @param limit sessions at most
   * @returns whether there may be more
   */
  closeBefore(before: number, limit: number, output: ProcessorOutput<A>): boolean {
    // Once a record: nothing is made before it is needed.
    if (!this.#index.reaches(before)) return false;
    return this.#pass(before, limit, output);
  }

  /**
   * Removes what nobody finds any more, in steps of segments.
   *
   * @param limit sessions at most
   * @returns whether there may be more
   */
  removeExpired(limit: number): boolean {
    const before = this.#removedBefore();
    if (this.#foundMs !== Number.POSITIVE_INFINITY)
      return this.#index.reaches(before) && this.#pass(before, limit, undefined);
    const closed = this.#closed;
    if (closed === undefined || !closed.reaches(before)) return false;
    const passed = closed.before(before, limit);
    for (const one of passed) {
      closed.delete(one);
      this.#rows.delete(rowKey(one.key, one.start, one.end));
    }
    if (passed.length === limit) return true;
    closed.settle();
    return false;
  }

  /** Takes the sessions that end before out of the index, and closes them if there is who hears it. */
  #pass(before: number, limit: number, output: ProcessorOutput<A> | undefined): boolean {
    const places = this.#index.before(before, limit);
    for (const place of places) {
      this.#index.delete(place);
      const row = this.#rows.get(rowKey(place.key, place.start, place.end));
      if (row !== undefined) this.#leave(place, row, output);
      // It grew, and comes in another order.
      else if (this.#indexAnew(place) < before) return true;
    }
    if (places.length === limit) return true;
    this.#index.settle();
    return false;
  }

  #leave({ key, start, end }: IndexedSession, row: Row<A>, output: ProcessorOutput<A> | undefined): void {
    const at = rowKey(key, start, end);
    if (this.#last.get(key)?.at === at) this.#last.delete(key);
    if (output === undefined || this.#closed === undefined) this.#rows.delete(at);
    else this.#closed.put(key, start, end);
    output?.result(key, { start, end }, row.value, end);
  }

  /**
   * Puts the session that grew out of another where it ends now: the first that ends behind.
   *
   * @returns where that is; infinite: there is none
   */
  #indexAnew({ key, start: from, end: until }: IndexedSession): number {
    const grown = this.#firstEndingFrom(key, until);
    if (grown === undefined) return Number.POSITIVE_INFINITY;
    const end = timeAt(grown, key.length);
    const start = timeAt(grown, key.length + timeLength);
    // It was passed before, and is only kept.
    if (end === until && start < from) return Number.POSITIVE_INFINITY;
    this.#index.put(key, start, end);
    return end;
  }

  #firstEndingFrom(key: string, end: number): string | undefined {
    const last = this.#last.get(key);
    if (last !== undefined && last.start <= end && end <= last.end && this.#rows.get(last.at) !== undefined)
      return last.at;
    const to = key + BEHIND_ENDS;
    for (let from: string | undefined = key + timeBytes(end); from !== undefined; ) {
      const page: readonly Entry<A>[] = this.#rows.page({ from, to }, 2);
      const found = page.find(([at]) => at.length === key.length + BOUNDS);
      if (found !== undefined) return found[0];
      const next = page[1];
      from = next && behind(next[0]);
    }
    return undefined;
  }

  #findLast({ start, end, at }: Last): void {
    const row = this.#rows.get(at);
    if (row !== undefined) this.found.push({ start, end, at, row });
  }

  #search(key: string, timestamp: number, first: number): void {
    const to = key + BEHIND_ENDS;
    for (let from = key + timeBytes(first); ; ) {
      const page = this.#rows.page({ from, to }, PAGE);
      for (const [at, row] of page) {
        // Of a longer key, which begins with this one.
        if (at.length !== key.length + BOUNDS) continue;
        const start = timeAt(at, key.length + timeLength);
        if (start > timestamp + this.#gapMs) return;
        this.found.push({ start, end: timeAt(at, key.length), at, row });
      }
      const next = page[PAGE - 1];
      if (next === undefined) break;
      from = behind(next[0]);
    }
    this.#becomesLast = true;
  }

  #setLast(key: string, start: number, end: number, at: string | undefined): void {
    const last = at === undefined ? undefined : this.#last.get(key);
    if (at === undefined) this.#last.delete(key);
    else if (last === undefined) this.#last.set(key, { start, end, at });
    else {
      last.start = start;
      last.end = end;
      last.at = at;
    }
  }

  #newestEnd(): number {
    return this.#numbers.get('newest-end') ?? Number.NEGATIVE_INFINITY;
  }

  /** Sessions that end there or before cannot be found. */
  #hiddenEnd(): number {
    return this.#newestEnd() - this.#foundMs;
  }

  /** Sessions that end before are removed: whole segments of time are, as by Kafka Streams' store. */
  #removedBefore(): number {
    return Math.floor((this.#newestEnd() - this.#retentionMs) / this.#segmentMs) * this.#segmentMs;
  }
}

function rowKey(key: string, start: number, end: number): string {
  return key + timeBytes(end) + timeBytes(start);
}
