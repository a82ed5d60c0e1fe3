import type { ErrorCode } from '../../errors/errors.js';

/** How often one record fails in the same way until the faults end: without them it must pass, or the run is over soon. */
const mostAlike = 5;

/** What a record does by itself, where nothing from outside need be broken. */
const ofTheRecord: readonly (ErrorCode | undefined)[] = [
  'DECODE',
  'ENCODE',
  'PROCESS',
  'GUARD',
  'WITHOUT_DELIVERY',
  'OUTSIDE_DISPATCH_WINDOW',
];

/** Counts how often apps have failed with the same words at the same record. */
export class AlikeFailures {
  readonly #counts = new Map<string, number>();
  #areMany = false;

  note(code: ErrorCode | undefined, words: string): void {
    if (!ofTheRecord.includes(code)) return;
    const count = (this.#counts.get(words) ?? 0) + 1;
    this.#counts.set(words, count);
    this.#areMany ||= count >= mostAlike;
  }

  /** One did so often that faults are hardly why. */
  get areMany(): boolean {
    return this.#areMany;
  }
}
