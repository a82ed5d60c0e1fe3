/** Bytes that all restores of an app have at once of what they have read, as long as each keeps to its share. */
const mostBytes = 64 * 1024 * 1024;

/** Room for what restores hold in memory: who finds none waits, in the order of asking. */
export class RestoreBudget {
  #left: number;
  readonly #waiting: { readonly bytes: number; go(): void }[] = [];

  /** @param bytes Default 64 MiB */
  constructor(bytes = mostBytes) {
    this.#left = bytes;
  }

  /** @param bytes no more than there are at all @returns gives them back; once */
  async take(bytes: number): Promise<() => void> {
    if (this.#waiting.length > 0 || bytes > this.#left)
      await new Promise<void>(go => this.#waiting.push({ bytes, go }));
    else this.#left -= bytes;
    return () => this.#giveBack(bytes);
  }

  #giveBack(bytes: number): void {
    this.#left += bytes;
    for (
      let next = this.#waiting[0];
      next !== undefined && next.bytes <= this.#left;
      next = this.#waiting[0]
    ) {
      this.#waiting.shift();
      this.#left -= next.bytes;
      next.go();
    }
  }
}
