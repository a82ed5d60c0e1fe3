/** Something that counts its records: how many were ever appended, and how many of these were acknowledged or refused. */
export interface Counted {
  readonly appended: number;
  readonly answered: number;
}

interface Flush<T> {
  /** What each has to have answered. */
  readonly targets: Map<T, number>;
  readonly resolve: () => void;
}

/** Who waits until all that was appended before is acknowledged or refused: the `flush` of every driver's producer. */
export class Flushes<T extends Counted> {
  #open: Flush<T>[] = [];

  /** Resolves once these have answered what was appended to them until now; at once where they have. */
  answered(outputs: Iterable<T>): Promise<void> {
    const targets = new Map<T, number>();
    for (const output of outputs) {
      if (output.answered < output.appended) targets.set(output, output.appended);
    }
    if (targets.size === 0) return Promise.resolve();
    return new Promise(resolve => {
      this.#open.push({ targets, resolve });
    });
  }

  /** To be called after something was answered. */
  check(): void {
    if (this.#open.length === 0) return;
    this.#open = this.#open.filter(({ targets, resolve }) => {
      for (const [output, target] of targets) {
        if (output.answered < target) return true;
        targets.delete(output);
      }
      resolve();
      return false;
    });
  }
}
