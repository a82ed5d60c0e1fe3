/** The first reason to end, a stop or a failure: happens once, and is awaited by whoever runs until then. */
export class Ending {
  readonly reached: Promise<void>;
  /** Milliseconds that the final drain may take. */
  deadlineMs: number;
  #resolve: () => void = () => {};
  #isReached = false;

  constructor(deadlineMs: number) {
    this.deadlineMs = deadlineMs;
    this.reached = new Promise(resolve => {
      this.#resolve = resolve;
    });
  }

  get isReached(): boolean {
    return this.#isReached;
  }

  reach(): void {
    this.#isReached = true;
    this.#resolve();
  }

  /**
   * Does a step that may take for ever, as long as there is no reason to end: then it rejects with {@link Interrupted}, and
   * what becomes of the step is nobody's trouble any more.
   *
   * @param undo gets what the step brings after that
   */
  async before<T>(step: () => Promise<T>, undo?: (late: T) => unknown): Promise<T> {
    if (this.#isReached) throw new Interrupted();
    const work = (async () => step())();
    const done = await Promise.race([work.then(result => ({ result })), this.reached]);
    if (done !== undefined) return done.result;
    work.then(undo).catch(() => {});
    throw new Interrupted();
  }
}

/** A step was given up since the app is to end; no error of its own. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}
