import type { LmdbImage } from './lmdb-image.js';

interface Waiting {
  readonly owner: object;
  readonly begin: () => void;
}

/**
 * The folder of a simulated LMDB: what is durable, what was committed and not flushed yet, and who may write. It outlives the
 * processes that have it open.
 */
export class LmdbDisk {
  #durable: LmdbImage = new Map();
  #unflushed: LmdbImage[] = [];
  readonly #openers = new Set<object>();
  #writer: object | undefined;
  #waiting: Waiting[] = [];
  readonly #changed: (durable: LmdbImage, before: LmdbImage) => void;

  /** @param changed hears of each change of what is durable */
  constructor(changed: (durable: LmdbImage, before: LmdbImage) => void = () => {}) {
    this.#changed = changed;
  }

  /** What everybody who has it open sees. */
  get current(): LmdbImage {
    return this.#unflushed.at(-1) ?? this.#durable;
  }

  /** What is there whatever happens. */
  get durable(): LmdbImage {
    return this.#durable;
  }

  /** Somebody writes, and others wait. */
  get isBusy(): boolean {
    return this.#writer !== undefined;
  }

  opened(by: object): void {
    this.#openers.add(by);
  }

  /** Resolves when `owner` alone may write. */
  begin(owner: object): Promise<void> {
    return new Promise(begin => {
      this.#waiting.push({ owner, begin });
      this.#next();
    });
  }

  /** The same at once: nothing can be waited for in a synchronous call. */
  beginNow(owner: object): void {
    if (this.#writer !== undefined)
      throw new Error(
        'The simulated LMDB cannot let a synchronous transaction wait for that of another process',
      );
    this.#writer = owner;
  }

  /** `owner` writes no more. */
  end(owner: object): void {
    if (this.#writer !== owner) return;
    this.#writer = undefined;
    this.#next();
  }

  /** What `owner` wrote is seen by all; and, all at once, durable if it `isFlushed`. */
  commit(owner: object, image: LmdbImage, isFlushed: boolean): void {
    this.#unflushed.push(image);
    if (isFlushed) this.flush(image);
    this.end(owner);
  }

  /** Up to this commit everything is durable. */
  flush(upTo: LmdbImage): void {
    const at = this.#unflushed.indexOf(upTo);
    if (at < 0) return;
    this.#unflushed.splice(0, at + 1);
    this.#became(upTo);
  }

  /** It was closed. */
  closed(by: object): void {
    const last = this.#unflushed.at(-1);
    if (last !== undefined) this.flush(last);
    this.#left(by);
  }

  /**
   * The process has died. Of what it and others had committed and not flushed all is kept while somebody else has the
   * folder open, since the operating system still has it; else `kept` says how much of it the disk has, from the first on.
   */
  died(by: object, kept: (unflushed: number) => number): void {
    this.#left(by);
    if (this.#openers.size > 0 || this.#unflushed.length === 0) return;
    const last = this.#unflushed[kept(this.#unflushed.length) - 1];
    this.#unflushed = [];
    if (last !== undefined) this.#became(last);
  }

  #left(by: object): void {
    this.#openers.delete(by);
    this.#waiting = this.#waiting.filter(({ owner }) => owner !== by);
    this.end(by);
  }

  #next(): void {
    if (this.#writer !== undefined) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#writer = next.owner;
    next.begin();
  }

  #became(durable: LmdbImage): void {
    const before = this.#durable;
    this.#durable = durable;
    this.#changed(durable, before);
  }
}
