import { Buffer } from 'node:buffer';
import { type Hash, murmur3 } from './murmur3.js';

/** Bits of a hash that tell the place of an entry while there are few. */
const fineBits = 26;

/**
 * How many different things there were, from 64 bits of a hash of each: P. Flajolet et al. 2007, with the estimator of O. Ertl 2017 ("New cardinality
 * estimation algorithms for HyperLogLog sketches", §2), which needs no table of biases and holds from none to all.
 *
 * While there are few, their entries are kept in a sorted list, so fine that the count is all but exact. Which form it has, and each byte of
 * it, depends on the set of what was added alone: not on order, repetition or how it was merged. Never changed: adding gives another.
 */
export class HyperLogLog {
  readonly #precision: number;
  /** `place << 6 | rank`, sorted; undefined once there were too many. */
  readonly #entries: Uint32Array | undefined;
  /** The greatest rank of each place. */
  readonly #registers: Uint8Array | undefined;

  private constructor(
    precision: number,
    entries: Uint32Array | undefined,
    registers: Uint8Array | undefined,
  ) {
    this.#precision = precision;
    this.#entries = entries;
    this.#registers = registers;
  }

  /** @param precision bits of the place: 4 to 18; 2^precision bytes, and an error of 1.04 / sqrt(2^precision) */
  static none(precision: number): HyperLogLog {
    return new HyperLogLog(precision, new Uint32Array(0), undefined);
  }

  /** What {@link bytes} gave; undefined if it did not. */
  static of(precision: number, bytes: Uint8Array): HyperLogLog | undefined {
    const [form, given] = bytes;
    const body = bytes.subarray(2);
    if (given !== precision) return undefined;
    if (form === 1) {
      const greatest = 65 - precision;
      if (body.length !== 1 << precision || body.some(rank => rank > greatest)) return undefined;
      return new HyperLogLog(precision, undefined, Uint8Array.from(body));
    }
    if (form !== 0 || body.length % 4 !== 0 || body.length / 4 > most(precision)) return undefined;
    const view = new DataView(body.buffer, body.byteOffset, body.length);
    const entries = Uint32Array.from({ length: body.length / 4 }, (_, index) => view.getUint32(4 * index));
    return entries.every((entry, index) => isEntryAfter(entry, entries[index - 1]))
      ? new HyperLogLog(precision, entries, undefined)
      : undefined;
  }

  with(value: Uint8Array): HyperLogLog {
    const entry = entryOf(murmur3(value));
    const registers = this.#registers;
    if (registers === undefined) return this.#withEntries(Uint32Array.of(entry));
    const { place, rank } = coarse(entry, this.#precision);
    if ((registers[place] ?? 0) >= rank) return this;
    const changed = registers.slice();
    changed[place] = rank;
    return new HyperLogLog(this.#precision, undefined, changed);
  }

  /** Of both together. */
  merged(other: HyperLogLog): HyperLogLog {
    if (other.#entries !== undefined) return this.#withEntries(other.#entries);
    if (this.#entries !== undefined) return other.#withEntries(this.#entries);
    const theirs = other.#registers;
    const both = this.#registers?.map((rank, place) => Math.max(rank, theirs?.[place] ?? 0));
    return new HyperLogLog(this.#precision, undefined, both);
  }

  #withEntries(added: Uint32Array): HyperLogLog {
    const entries = this.#entries;
    if (entries !== undefined) {
      const both = united(entries, added);
      if (both === entries) return this;
      if (both.length <= most(this.#precision)) return new HyperLogLog(this.#precision, both, undefined);
      const registers = raised(new Uint8Array(1 << this.#precision), both, this.#precision);
      return new HyperLogLog(this.#precision, undefined, registers);
    }
    const registers = raised(this.#registers?.slice() ?? new Uint8Array(0), added, this.#precision);
    return new HyperLogLog(this.#precision, undefined, registers);
  }

  /** How many there were, rounded. */
  count(): number {
    const bits = this.#entries === undefined ? this.#precision : fineBits;
    const ranks = this.#entries?.map(entry => entry & 63) ?? this.#registers ?? new Uint8Array(0);
    const counts = new Array<number>(66 - bits).fill(0);
    for (const rank of ranks) counts[rank] = (counts[rank] ?? 0) + 1;
    if (this.#entries !== undefined) counts[0] = 2 ** bits - this.#entries.length;
    return Math.round(estimate(counts, 2 ** bits));
  }

  /** One byte for the form, one for the precision, then 4 bytes an entry, or one a register. */
  bytes(): Buffer {
    const entries = this.#entries;
    if (entries === undefined) {
      return Buffer.concat([Uint8Array.of(1, this.#precision), this.#registers ?? new Uint8Array(0)]);
    }
    const bytes = Buffer.alloc(2 + 4 * entries.length);
    bytes[1] = this.#precision;
    for (const [index, entry] of entries.entries()) bytes.writeUint32BE(entry, 2 + 4 * index);
    return bytes;
  }
}

/** As many entries as take the room of the registers. */
function most(precision: number): number {
  return 2 ** precision / 4;
}

/** Its place in 26 bits, and behind it the place of the first 1 in the other 38, from 1. */
function entryOf({ high, low }: Hash): number {
  const above = (high & 63) >>> 0; // What the place leaves of the upper half: 6 bits.
  const rank = above !== 0 ? Math.clz32(above) - 25 : Math.clz32(low) + 7;
  return ((high & ~63) | rank) >>> 0;
}

function isEntryAfter(entry: number, before: number | undefined): boolean {
  const rank = entry & 63;
  return rank >= 1 && rank <= 39 && (before === undefined || entry >>> 6 > before >>> 6);
}

/** The same in a place of fewer bits: those that are left over come before the rank. */
function coarse(entry: number, precision: number): { readonly place: number; readonly rank: number } {
  const fine = entry >>> 6;
  const spare = fineBits - precision;
  const over = fine & (2 ** spare - 1);
  const rank = over !== 0 ? spare - (31 - Math.clz32(over)) : spare + (entry & 63);
  return { place: fine >>> spare, rank };
}

/** Raises the registers that are handed in. */
function raised(registers: Uint8Array, entries: Uint32Array, precision: number): Uint8Array {
  for (const entry of entries) {
    const { place, rank } = coarse(entry, precision);
    if (rank > (registers[place] ?? 0)) registers[place] = rank;
  }
  return registers;
}

/** Both lists in one, the greater rank of each place; the first itself where the second has nothing for it. */
function united(a: Uint32Array, b: Uint32Array): Uint32Array {
  const both = new Uint32Array(a.length + b.length);
  let length = 0;
  let isMore = false;
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const [one = Number.POSITIVE_INFINITY, other = Number.POSITIVE_INFINITY] = [a[i], b[j]];
    const isSame = one >>> 6 === other >>> 6 && i < a.length && j < b.length;
    both[length++] = isSame ? Math.max(one, other) : Math.min(one, other);
    isMore ||= isSame ? other > one : other < one;
    if (isSame || one < other) i++;
    if (isSame || other < one) j++;
  }
  return isMore ? both.slice(0, length) : a;
}

/** @param counts how many registers have which rank, to the greatest that there can be */
function estimate(counts: readonly number[], registers: number): number {
  const greatest = counts.length - 1;
  let sum = registers * tau(1 - (counts[greatest] ?? 0) / registers);
  for (let rank = greatest - 1; rank >= 1; rank--) sum = (sum + (counts[rank] ?? 0)) / 2;
  sum += registers * sigma((counts[0] ?? 0) / registers);
  return registers ** 2 / (2 * Math.LN2 * sum);
}

/** x + the sum of x^(2^k) · 2^(k-1), k from 1: what registers that are empty say. */
function sigma(x: number): number {
  if (x === 1) return Number.POSITIVE_INFINITY;
  let sum = x;
  for (let power = x ** 2, weight = 1; ; power *= power, weight *= 2) {
    const next = sum + power * weight;
    if (next === sum) return sum;
    sum = next;
  }
}

/** A third of 1 - x - the sum of (1 - x^(2^-k))² · 2^-k, k from 1: what registers that are full say. */
function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let sum = 1 - x;
  for (let root = Math.sqrt(x), weight = 0.5; ; root = Math.sqrt(root), weight /= 2) {
    const next = sum - (1 - root) ** 2 * weight;
    if (next === sum) return sum / 3;
    sum = next;
  }
}
