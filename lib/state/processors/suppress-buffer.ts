import { StreamTime, type TimeNames } from '../../time/stream-time.js';
import type { CutNumbers, Entry, Row, StateTable } from '../state-table.js';
import { Front } from './front.js';
import type { ProcessorState } from './processor.js';
import { timeAt, timeBytes } from './time-bytes.js';

/** Behind the time of a place: a row, a row that came when the edge had reached its time, a note that the window was handed on. */
const ROW = '\0';
const AT_EDGE = '\x01';
const NOTE = '\x02';
const TIME = 8;

const ofUpdates: TimeNames = { now: 'suppress-time', taken: 'suppress-taken' };

/**
 * The rows that a suppress holds back, by time and windowed key, which leave in that order up to an **edge**: its own stream time, the
 * largest timestamp of the updates that it has seen, less how long it holds them.
 *
 * A row whose time the edge has reached already leaves at once in Kafka Streams, that is, after those which left before it came: it stands at
 * the edge, behind them, in the order of coming. So leaving may be put off to another turn and the order is the same.
 */
export class SuppressBuffer<A> {
  readonly #rows: StateTable<A | null>;
  readonly #numbers: CutNumbers;
  readonly #time: StreamTime;
  readonly #heldMs: number;
  /** Nothing leaves before the edge is there. */
  #earliest = Number.NEGATIVE_INFINITY;
  readonly #front = new Front();

  constructor(state: ProcessorState, heldMs: number) {
    this.#rows = state.table('suppressed');
    this.#numbers = state.numbers;
    this.#time = new StreamTime(state.numbers, state.timeBound, ofUpdates);
    this.#heldMs = heldMs;
  }

  get edge(): number {
    return this.#time.now - this.#heldMs;
  }

  get streamTime(): number {
    return this.#time.now;
  }

  /** The stream time from which on the next row leaves that the edge has not reached. */
  leavesAt(): number | undefined {
    const next = this.#rows.page({ from: timeBytes(this.edge + 1) }, 1)[0];
    return next && timeAt(next[0], 0) + this.#heldMs;
  }

  /** How far the edge went without an update: whoever made these may be behind it, and takes records there still. */
  get passedEdge(): number {
    return (this.#numbers.get('suppress-passed') ?? Number.NEGATIVE_INFINITY) - this.#heldMs;
  }

  advance(timestamp: number): void {
    this.#time.advance(timestamp);
  }

  passTo(time: number): void {
    if (this.#time.advance(time)) this.#numbers.set('suppress-passed', this.#time.now);
  }

  /** The edge goes as far as the bound lets it now. */
  catchUp(): void {
    this.#time.catchUp();
  }

  get mayRise(): boolean {
    return this.#time.mayRise;
  }

  /**
   * Where a row of this time stands that comes now.
   *
   * @param edge as it was before the row's timestamp counted
   */
  placeOf(time: number, windowedKey: string, edge: number): string {
    if (time > edge) return timeBytes(time) + ROW + windowedKey;
    const order = (this.#numbers.get('suppress-order') ?? 0) + 1;
    this.#numbers.set('suppress-order', order);
    return timeBytes(edge) + AT_EDGE + timeBytes(order) + windowedKey;
  }

  /** Whether a row of this time is there, which the edge has reached, so that it only waits for its turn to leave. */
  isLeaving(time: number, windowedKey: string): boolean {
    return this.#rows.get(timeBytes(time) + ROW + windowedKey) !== undefined;
  }

  put(place: string, row: Row<A | null>): void {
    this.#rows.put(place, row);
    this.#front.put(place);
    const time = timeAt(place, 0);
    if (time < this.#earliest) this.#earliest = time;
  }

  /** The rows that leave next, and notes that are worth nothing any more; more may leave if it is as many as the limit. */
  leaving(limit: number): readonly Entry<A | null>[] {
    const { edge } = this;
    if (edge < this.#earliest || edge < 0) return [];
    const page = this.#rows.page({ from: this.#front.from, to: timeBytes(edge) + NOTE }, limit);
    if (page.length < limit) this.#earliest = this.#nextFrom(edge);
    return page;
  }

  /** The first rows, whether the edge has reached them or not. */
  oldest(limit: number): readonly Entry<A | null>[] {
    return this.#rows.page({ from: this.#front.from }, limit);
  }

  /** @param place the first that there is, as `leaving` and `oldest` give them */
  delete(place: string): void {
    this.#rows.delete(place);
    this.#front.passed(place);
  }

  /** The windowed key of what stands there; undefined for a note. */
  windowedKeyAt(place: string): string | undefined {
    const kind = place[TIME];
    if (kind === NOTE) return undefined;
    return place.slice(kind === ROW ? TIME + 1 : TIME + 1 + TIME);
  }

  /** Notes that a window is handed on, as long as the edge stays where it ended: afterwards nothing comes for it. */
  note(edge: number, windowedKey: string): void {
    const place = timeBytes(edge) + NOTE + windowedKey;
    this.#rows.put(place, { value: null, timestamp: edge });
    this.#front.put(place);
    this.#earliest = Math.min(this.#earliest, edge + 1);
  }

  isNoted(edge: number, windowedKey: string): boolean {
    return this.#rows.get(timeBytes(edge) + NOTE + windowedKey) !== undefined;
  }

  /** Forgets what is no part of the cut: after an abort. */
  reset(): void {
    this.#time.reset();
    this.#earliest = Number.NEGATIVE_INFINITY;
    this.#front.reset();
  }

  #nextFrom(edge: number): number {
    const next = this.#rows.page({ from: timeBytes(edge) + NOTE }, 1)[0];
    if (next === undefined) return Number.POSITIVE_INFINITY;
    const time = timeAt(next[0], 0);
    return next[0][TIME] === NOTE ? time + 1 : time;
  }
}
