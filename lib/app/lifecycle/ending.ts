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
}
