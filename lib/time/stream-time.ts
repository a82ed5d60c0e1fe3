import type { CutNumbers } from '../state/state-table.js';

/** What stream time must not pass yet, whatever is taken: milliseconds since 1970; infinite: nothing holds it. */
export type TimeBound = () => number;

export const unbounded: TimeBound = () => Number.POSITIVE_INFINITY;

/**
 * The largest timestamp, in milliseconds since 1970, that an operator with state has taken, as far as a bound lets it: part of the cut, so that it does
 * not go back.
 */
export class StreamTime {
  readonly #numbers: CutNumbers;
  readonly #bound: TimeBound;
  #now: number | undefined;
  /** The largest that was taken; the bound may be below it. */
  #seen: number | undefined;

  constructor(numbers: CutNumbers, bound: TimeBound = unbounded) {
    this.#numbers = numbers;
    this.#bound = bound;
  }

  /** -1: nothing was taken yet. */
  get now(): number {
    this.#now ??= this.#numbers.get('streamTime') ?? -1;
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
    this.#seen ??= Math.max(this.#numbers.get(timeTaken) ?? -1, this.now);
    return this.#seen;
  }

  #rise(seen: number): boolean {
    const bound = this.#bound();
    const now = Math.min(seen, bound);
    // Only where it is held: elsewhere the two are one.
    if (now < seen) this.#numbers.set(timeTaken, seen);
    if (now <= this.now) return false;
    this.#now = now;
    this.#numbers.set('streamTime', now);
    return true;
  }
}

/** In the cut: the largest timestamp that was taken, where stream time was held below it. */
const timeTaken = 'timeTaken';
