/**
 * What was read, until so much else was: two generations of half the bound, of which the older goes at once when the younger is full. So
 * nothing has to be moved at a hit.
 */
export class CleanCache<E> {
  readonly #half: number;
  #young = new Map<string, E>();
  #old = new Map<string, E>();

  /** @param most entries */
  constructor(most: number) {
    this.#half = Math.ceil(most / 2);
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: string): E | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, entry: E): void {
    if (this.#half === 0) return;
    if (this.#young.size >= this.#half) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, entry);
  }
}
