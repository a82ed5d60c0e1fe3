import type { CutNumbers } from '../state/state-table.js';

/** What stream time must not pass yet, whatever is taken: milliseconds since 1970; infinite: nothing holds it. */
export type TimeBound = () => number;

export const unbounded: TimeBound = () => Number.POSITIVE_INFINITY;

/** What it is called in the cut, and the largest timestamp that was taken, where it was held below that. */
export interface TimeNames {
  readonly now: string;
  readonly taken: string;
}

const ofRecords: TimeNames = { now: 'streamTime', taken: 'timeTaken' };

/**
 * The largest timestamp, in milliseconds since 1970, that an operator with state has taken, as far as a bound lets it: part of the cut, so that it does
 * not go back.
 */
export class StreamTime {
  readonly #numbers: CutNumbers;
  readonly #bound: TimeBound;
  readonly #names: TimeNames;
  #now: number | undefined;
  /** The largest that was taken; the bound may be below it. */
  #seen: number | undefined;

  /** @param names in the cut: an operator may go by several times */
  constructor(numbers: CutNumbers, bound: TimeBound = unbounded, names: TimeNames = ofRecords) {
    this.#numbers = numbers;
    this.#bound = bound;
    this.#names = names;
  }

  /** -1: nothing was taken yet. */
  get now(): number {
    this.#now ??= this.#numbers.get(this.#names.now) ?? -1;
    return this.#now;
  }

  /** @returns whether it rose */
  advance(timestamp: number): boolean {
    if (timestamp <= this.now) return false;
    const seen = this.#latest;
    if (timestamp > seen) this.#seen = timestamp;
    return this.#rise(Math.max(timestamp, seen));
  }

  /** As far as the bound lets it now, with what was taken before. @returns whether it rose */
  catchUp(): boolean {
    return this.#latest > this.now && this.#rise(this.#latest);
  }

  /** It would rise if it caught up now. */
  get mayRise(): boolean {
    return this.#latest > this.now && this.#bound() > this.now;
  }

  /** It is read from the cut again. */
  reset(): void {
    this.#now = undefined;
    this.#seen = undefined;
  }

  get #latest(): number {
    this.#seen ??= Math.max(this.#numbers.get(this.#names.taken) ?? -1, this.now);
    return this.#seen;
  }

  #rise(seen: number): boolean {
    const bound = this.#bound();
    const now = Math.min(seen, bound);
    // Only where it is held: elsewhere the two are one.
    if (now < seen) this.#numbers.set(this.#names.taken, seen);
    if (now <= this.now) return false;
    this.#now = now;
    this.#numbers.set(this.#names.now, now);
    return true;
  }
}
