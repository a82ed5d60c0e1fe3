import { defaults } from '../../app/defaults.js';
import type { DeadLetterLimit } from './options.js';

/** Parts of the window that are forgotten one at a time: the window is right to a sixtieth. */
const buckets = 60;
const minuteMs = 60_000;

/** Counts records and dead letters of a sliding window, and says when there are too many of the latter. */
export class LetterLimit {
  readonly #share: number;
  readonly #above: number;
  readonly #bucketMs: number;
  readonly #records = new Float64Array(buckets);
  readonly #letters = new Float64Array(buckets);
  /** The bucket written last, counted from the clock's zero. */
  #at = 0;
  #handedOut = 0;

  constructor(limit: Exclude<DeadLetterLimit, 'none'>) {
    const { windowMs, minimum } = defaults.deadLetters.limit;
    const byCount = 'perMinute' in limit;
    this.#share = byCount ? 0 : limit.share;
    this.#above = byCount ? limit.perMinute : (limit.minimum ?? minimum);
    this.#bucketMs = (byCount ? minuteMs : (limit.windowMs ?? windowMs)) / buckets;
  }

  /** @param handedOut records handed out since the app began */
  consumed(elapsedMs: number, handedOut: number): void {
    const bucket = this.#bucketAt(elapsedMs);
    this.#records[bucket] = (this.#records[bucket] ?? 0) + handedOut - this.#handedOut;
    this.#handedOut = handedOut;
  }

  /**
   * One more dead letter is about to be written.
   *
   * @returns what goes above the limit, in words; undefined while it is kept
   */
  exceededBy(elapsedMs: number, handedOut: number): string | undefined {
    this.consumed(elapsedMs, handedOut);
    const bucket = this.#bucketAt(elapsedMs);
    this.#letters[bucket] = (this.#letters[bucket] ?? 0) + 1;
    const letters = sum(this.#letters);
    const records = sum(this.#records);
    if (letters <= this.#above || letters <= this.#share * records) return undefined;
    const seconds = Math.round((this.#bucketMs * buckets) / 1000);
    const bound =
      this.#share === 0 ? `${this.#above}` : `${this.#above} and ${Number((this.#share * 100).toFixed(3))} %`;
    return `${letters} dead letters for ${records} records within ${seconds} s, above the limit of ${bound}`;
  }

  #bucketAt(elapsedMs: number): number {
    const at = Math.floor(elapsedMs / this.#bucketMs);
    const passed = Math.min(at - this.#at, buckets);
    for (let i = 1; i <= passed; i++) {
      this.#records[(this.#at + i) % buckets] = 0;
      this.#letters[(this.#at + i) % buckets] = 0;
    }
    this.#at = Math.max(at, this.#at);
    return this.#at % buckets;
  }
}

function sum(counts: Float64Array): number {
  return counts.reduce((total, count) => total + count, 0);
}
