/**
 * When the rows of a table are looked at. What may not be written is seldom there, and to encode a row at each put costs as much as all the rest:
 * so a row is encoded once, when the cut is sealed. Where one is refused there, nobody knows any more which record put it; its cut is dropped, its
 * records come again, and for a number of cuts each row is looked at as it is put, where whoever put it is told.
 */
export class RowWatch {
  readonly #cuts: number;
  #left = 0;

  /** @param cuts how many without a refusal end it */
  constructor(cuts = 100) {
    this.#cuts = cuts;
  }

  /** Each row is looked at when it is put. */
  get atPut(): boolean {
    return this.#left > 0;
  }

  refused(): void {
    this.#left = this.#cuts;
  }

  /** A cut was sealed. */
  sealed(): void {
    if (this.#left > 0) this.#left--;
  }
}
