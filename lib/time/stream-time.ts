import type { CutNumbers } from '../state/state-table.js';

/** The largest timestamp, in milliseconds since 1970, that an operator with state has taken: part of the cut, so that it does not go back. */
export class StreamTime {
  readonly #numbers: CutNumbers;
  #now: number | undefined;

  constructor(numbers: CutNumbers) {
    this.#numbers = numbers;
  }

  /** -1: nothing was taken yet. */
  get now(): number {
    this.#now ??= this.#numbers.get('streamTime') ?? -1;
    return this.#now;
  }

  /** @returns whether it rose */
  advance(timestamp: number): boolean {
    if (timestamp <= this.now) return false;
    this.#now = timestamp;
    this.#numbers.set('streamTime', timestamp);
    return true;
  }

  /** It is read from the cut again. */
  reset(): void {
    this.#now = undefined;
  }
}
