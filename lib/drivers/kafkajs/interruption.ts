/**
 * Something that happens at most once, for work to be cut short by. Not a promise to race against: `Promise.race` leaves
 * its reaction, and with it the outcome of the work, with a promise that never settles, so that an interruption that
 * waits for hours would keep every answer that came meanwhile.
 */
export class Interruption {
  readonly #waiting = new Set<() => void>();
  #happened = false;

  happen(): void {
    this.#happened = true;
    for (const cutShort of this.#waiting) cutShort();
    this.#waiting.clear();
  }

  /** Settles as `work` does, or resolves to undefined as soon as it happens; nothing of work that ended is kept. */
  cut<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const cutShort = (): void => resolve(undefined);
      if (this.#happened) cutShort();
      else this.#waiting.add(cutShort);
      work.then(resolve, reject).finally(() => this.#waiting.delete(cutShort));
    });
  }
}
