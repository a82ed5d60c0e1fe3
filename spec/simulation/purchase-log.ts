/** What the functions of the purchase topology remember of a run, over all processes: what they cannot know from the outside. */
export class PurchaseLog {
  /** How often each purchase was handed to the topology. */
  readonly read = new Map<number, number>();
  /** Purchases for which the function of `app.each` has returned. */
  readonly called = new Set<number>();
  readonly #failed = new Set<string>();
  #wrong: string | undefined;

  /** A run begins. */
  clear(): void {
    this.read.clear();
    this.called.clear();
    this.#failed.clear();
    this.#wrong = undefined;
  }

  noteRead(id: number): void {
    this.read.set(id, (this.read.get(id) ?? 0) + 1);
  }

  /** Throws at these purchases, at each once. */
  failOnce(where: string, ids: readonly number[], atIds: readonly number[]): void {
    const id = ids.find(one => atIds.includes(one) && !this.#failed.has(`${where} ${one}`));
    if (id === undefined) return;
    this.#failed.add(`${where} ${id}`);
    throw new ScriptedFailure(`${where} fails at purchase ${id}`);
  }

  noteWrong(what: string): void {
    this.#wrong ??= what;
  }

  /** The first thing that a function has seen and that must not be. */
  get wrong(): string | undefined {
    return this.#wrong;
  }
}

/** Thrown by functions of the topology, as the workload has it. */
export class ScriptedFailure extends Error {}
