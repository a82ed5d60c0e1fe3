import { behind } from './time-bytes.js';

/**
 * Where the first row of a table is that is emptied from there: what was deleted stands in the layers of the table until it is applied, and a walk that
 * began before it would pass it each time.
 */
export class Front {
  /** No row is before. */
  #from = '';

  get from(): string {
    return this.#from;
  }

  /** A row was put there. */
  put(at: string): void {
    if (at < this.#from) this.#from = at;
  }

  /** The first row was deleted. */
  passed(at: string): void {
    this.#from = behind(at);
  }

  /** Forgets what is no part of the cut: after an abort. */
  reset(): void {
    this.#from = '';
  }
}
