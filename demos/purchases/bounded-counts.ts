/**
 * Sums by name that stay bounded in memory while names go on coming: the smallest are given up when there are twice as many
 * names as are to be kept. A name that is large and steady is never given up; {@link exact} says whether one was.
 */
export class BoundedCounts {
  readonly #kept: number;
  readonly #sums = new Map<string, number>();
  #exact = true;

  /** @param kept how many names are kept at least, 1 or more */
  constructor(kept: number) {
    this.#kept = kept;
  }

  /** Whether every name that was ever added is still counted. */
  get exact(): boolean {
    return this.#exact;
  }

  /** How many names are counted. */
  get size(): number {
    return this.#sums.size;
  }

  add(name: string, amount: number): void {
    this.#sums.set(name, (this.#sums.get(name) ?? 0) + amount);
    if (this.#sums.size <= 2 * this.#kept) return;
    this.#exact = false;
    const given = this.largest(Number.POSITIVE_INFINITY).slice(this.#kept);
    for (const [lost] of given) this.#sums.delete(lost);
  }

  get(name: string): number {
    return this.#sums.get(name) ?? 0;
  }

  /** The largest sums first; of equal ones by name. */
  largest(count: number): readonly (readonly [name: string, sum: number])[] {
    const all = [...this.#sums].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
    return all.slice(0, count);
  }
}
