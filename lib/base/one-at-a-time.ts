import { Queue } from './queue.js';

/** Work that takes time; undefined: it was done at once. Neither throws nor rejects. @param atOnce whether it had not to wait */
type Work = (atOnce: boolean) => Promise<unknown> | undefined;

/** Lets one work after the other at something, in the order in which they came. */
export class OneAtATime {
  readonly #waiting = new Queue<Work>();
  #busy = false;

  /** Where nothing is under way and nothing waits, it is begun inside this call. */
  take(work: Work): void {
    if (this.#busy) {
      this.#waiting.push(work);
      return;
    }
    this.#busy = true;
    this.#begin(work, true);
  }

  #begin(first: Work, atOnce: boolean): void {
    let underWay = first(atOnce);
    while (underWay === undefined) {
      const next = this.#waiting.shift();
      if (next === undefined) {
        this.#busy = false;
        return;
      }
      underWay = next(false);
    }
    void underWay.then(() => this.#goOn());
  }

  #goOn(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#busy = false;
    else this.#begin(next, false);
  }
}
