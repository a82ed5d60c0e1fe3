/**
 * Numbers that look random and follow from a seed: xoshiro128++ (Blackman and Vigna), its state filled by splitmix32. Not for
 * secrets. A generator of its own for each purpose keeps them apart: one more fault drawn does not change the workload.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /**
   * @param seed a safe integer of at least 0
   * @param purpose generators of one seed and different purposes have nothing in common
   */
  constructor(seed: number, purpose = '') {
    let state = (seed ^ Math.floor(seed / 2 ** 32)) >>> 0;
    for (let i = 0; i < purpose.length; i++)
      state = Math.imul(state ^ purpose.charCodeAt(i), 0x01000193) >>> 0;
    const next = (): number => {
      state = (state + 0x9e3779b9) >>> 0;
      let mixed = state;
      mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      return (mixed ^ (mixed >>> 15)) >>> 0;
    };
    [this.#a, this.#b, this.#c, this.#d] = [next(), next(), next(), next()];
  }

  /** From 0 inclusive to 1 exclusive, 53 bits. */
  next(): number {
    return ((this.#word() >>> 5) * 2 ** 26 + (this.#word() >>> 6)) / 2 ** 53;
  }

  /** A whole number from 0 to `n` - 1. */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  /** A whole number between these, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** Between these, each order of magnitude as likely as the next: for rates and delays. */
  logUniform(least: number, most: number): number {
    return least * (most / least) ** this.next();
  }

  happens(probability: number): boolean {
    return this.next() < probability;
  }

  #word(): number {
    const sum = (this.#a + this.#d) >>> 0;
    const result = (((sum << 7) | (sum >>> 25)) + this.#a) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result >>> 0;
  }
}
