interface Closer {
  readonly what: string;
  readonly close: () => unknown;
  /** What the system does of it for a process that was killed. Default: nothing that anybody sees. */
  readonly crash: (() => unknown) | undefined;
}

/** What start-up opened, to be closed in the end. */
export class Closers {
  readonly #first: (() => void)[] = [];
  readonly #behind: Closer[] = [];

  /** Ends something before the drain: watches and guards, which would take a stop for trouble. */
  first(end: () => void): void {
    this.#first.push(end);
  }

  /**
   * Closes something once the member has left its group; what was opened last goes first.
   *
   * @param crash see `crash`
   */
  behind(what: string, close: () => unknown, crash?: () => unknown): void {
    this.#behind.push({ what, close, crash });
  }

  endFirst(): void {
    for (const end of this.#first.splice(0)) end();
  }

  /** Nothing is closed any more but what the system closes. */
  async crash(): Promise<void> {
    this.#first.length = 0;
    for (const { crash } of this.#behind.splice(0).reverse()) await crash?.();
  }

  /** The next to be closed, if any. */
  next(): Closer | undefined {
    return this.#behind.pop();
  }
}
