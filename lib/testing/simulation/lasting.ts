/** Whether something has been so for a while. */
export class Lasting {
  readonly #ms: number;
  #sinceMs: number | undefined;

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Asked again and again, in the order of time. */
  hasLasted(isSo: boolean, timeMs: number): boolean {
    if (!isSo) this.#sinceMs = undefined;
    else this.#sinceMs ??= timeMs;
    return this.#sinceMs !== undefined && timeMs - this.#sinceMs >= this.#ms;
  }
}
