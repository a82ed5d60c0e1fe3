import { placeIn } from './sorted-keys.js';

/**
 * The rows that fire next, in their order, as they were read and as they have changed since: **every row before `upTo` is in it**. So who sets or cancels
 * timers while they fire has nothing read anew.
 */
export class TimersAhead {
  readonly #most: number;
  #rows: string[];
  #upTo: string;

  /**
   * @param upTo all before it were read
   * @param most so many are kept
   */
  constructor(rows: readonly string[], upTo: string, most: number) {
    this.#rows = [...rows];
    this.#upTo = upTo;
    this.#most = most;
  }

  /** All rows before are known. */
  get upTo(): string {
    return this.#upTo;
  }

  /** Takes the first. */
  next(): string | undefined {
    return this.#rows.shift();
  }

  add(row: string): void {
    if (row >= this.#upTo) return;
    this.#rows.splice(placeIn(this.#rows, row), 0, row);
    if (this.#rows.length <= this.#most) return;
    // What does not fit is read again.
    this.#upTo = this.#rows.pop() ?? this.#upTo;
  }

  delete(row: string): void {
    const at = placeIn(this.#rows, row);
    if (this.#rows[at] === row) this.#rows.splice(at, 1);
  }

  /** Nothing is known any more. */
  forget(): void {
    this.#rows = [];
    this.#upTo = '';
  }
}
