/** Digits with nothing but separators between them, and which of them are a card's. Linear in the digits. */

import { fewestDigits, issuedLengths, mostDigits, usualLength } from './issuers.js';

/** How many digits of a number stay. */
const kept = 4;

/** A run this long without separators is no number that anybody reads: masked whatever it holds. */
const longRun = mostDigits + 1;

/** `0.1234567890123456`: what follows a single point is a fraction. Cards have groups of at most six. */
const fewestOfFraction = 7;
const mostOfFraction = 23;

/** Marks of a digit, above its value. */
export const startsGroup = 0x10;
export const followsPoint = 0x20;
/** The second digit of a `%34` that can also be read as a `%` before a number: a number may start with it. */
export const mayStart = 0x40;
/** A `%34` before a raw digit, which can be read so too: never the first digit that stays. */
export const readTwice = 0x80;
const value = 0xf;

/** Larger ones are not kept for the next run. */
const keptCapacity = 256;

/** Is told the index of the text where a digit is to be hidden. */
export type Hide = (at: number) => void;

/** Used again for one run after the other: {@link clear} forgets the digits. */
export class NumberRun {
  #count = 0;
  /** The digits with their marks. */
  #cells = new Uint8Array(keptCapacity);
  #places = new Uint32Array(keptCapacity);
  /** Luhn's sums up to each digit, by ten: low the one with the even digits doubled, high that with the odd ones. */
  #sums = new Uint8Array(keptCapacity + 1);

  get count(): number {
    return this.#count;
  }

  /** @param place the index of the text where the digit begins */
  add(digit: number, marks: number, place: number): void {
    const i = this.#count++;
    if (i === this.#cells.length) this.#grow();
    this.#cells[i] = digit | marks;
    this.#places[i] = place;
  }

  #grow(): void {
    const cells = this.#cells;
    const places = this.#places;
    this.#cells = new Uint8Array(2 * cells.length);
    this.#cells.set(cells);
    this.#places = new Uint32Array(2 * places.length);
    this.#places.set(places);
  }

  clear(): void {
    if (this.#count < fewestDigits) {
      // No card's digits, and soon written over.
    } else if (this.#cells.length > keptCapacity) {
      this.#cells = new Uint8Array(keptCapacity);
      this.#places = new Uint32Array(keptCapacity);
      this.#sums = new Uint8Array(keptCapacity + 1);
    } else {
      this.#cells.fill(0, 0, this.#count);
      this.#sums.fill(0, 0, this.#count + 1);
    }
    this.#count = 0;
  }

  /**
   * Hides every digit that a card number of this run does not keep; says whether there was one.
   *
   * @param strict takes the run for a number as it is
   * @param hide without it the search ends at the first number
   */
  search(strict: boolean, hide: Hide | undefined): boolean {
    const count = this.#count;
    if (count < fewestDigits) return false;
    if (strict) return this.#hide(0, count - kept, hide);
    this.#sumUp();
    let found = false;
    let from = 0;
    for (let group = 0; group < count; ) {
      const end = this.#groupEnd(group);
      const isFraction =
        (this.#cell(group) & followsPoint) !== 0 &&
        end - group >= fewestOfFraction &&
        end - group <= mostOfFraction;
      if (isFraction) {
        found = this.#searchPart(from, group, hide) || found;
        from = end;
      }
      group = end;
    }
    return this.#searchPart(from, count, hide) || found;
  }

  #cell(i: number): number {
    return this.#cells[i] ?? 0;
  }

  #groupEnd(start: number): number {
    let end = start + 1;
    while (end < this.#count && (this.#cell(end) & startsGroup) === 0) end++;
    return end;
  }

  /** ISO/IEC 7812-1 annex B: every second digit from the right doubled, its own digits summed. */
  #sumUp(): void {
    if (this.#sums.length <= this.#count) this.#sums = new Uint8Array(this.#cells.length + 1);
    let even = 0;
    let odd = 0;
    for (let i = 0; i < this.#count; i++) {
      const digit = this.#cell(i) & value;
      const doubled = digit > 4 ? digit * 2 - 9 : digit * 2;
      even += i % 2 === 0 ? doubled : digit;
      odd += i % 2 === 0 ? digit : doubled;
      if (even > 9) even -= 10;
      if (odd > 9) odd -= 10;
      this.#sums[i + 1] = (odd << 4) | even;
    }
  }

  /** Whether the sum of these digits is a multiple of ten: whether the sums up to both ends are the same by ten. */
  #passesLuhn(start: number, end: number): boolean {
    const difference = (this.#sums[start] ?? 0) ^ (this.#sums[end] ?? 0);
    // The last digit is not doubled.
    return (end % 2 === 1 ? difference >> 4 : difference & 0xf) === 0;
  }

  /**
   * A digit is hidden when any card number hides it, so that no reading shows more than its last four: a mistaken one
   * may lie across a real one.
   */
  #searchPart(from: number, to: number, hide: Hide | undefined): boolean {
    if (to - from < fewestDigits) return false;
    let hidden = from;
    let groupEnd = from;
    for (let i = from; i < to; i++) {
      if (i === groupEnd) groupEnd = this.#groupEnd(i);
      // The first digit that stays starts a number too: the next search of the result would see it so.
      else if (i !== hidden) continue;
      let until = this.#hiddenUntil(i, groupEnd, to);
      if (until <= hidden) continue;
      while (until < to && (this.#cell(until) & readTwice) !== 0) until++;
      this.#hide(Math.max(i, hidden), until, hide);
      if (hide === undefined) return true;
      hidden = until;
    }
    return hidden > from;
  }

  /** Where the digits end that numbers starting with this digit hide; 0 for none. */
  #hiddenUntil(start: number, groupEnd: number, to: number): number {
    if (groupEnd - start >= longRun) return groupEnd - kept;
    const until = this.#longestFrom(start, groupEnd, to);
    let second = start;
    while (second < groupEnd && (this.#cell(second) & value) === 0) second++;
    if (second === start && (this.#cell(start + 1) & mayStart) !== 0) second++;
    if (second === start || second >= groupEnd) return until;
    return Math.max(until, this.#longestFrom(second, groupEnd, to));
  }

  #longestFrom(start: number, groupEnd: number, to: number): number {
    if (to - start < fewestDigits) return 0;
    const firstFour = this.#firstFour(start);
    const lengths = issuedLengths(firstFour);
    if (lengths === 0) return 0;
    for (let end = Math.min(start + mostDigits, to); end >= start + fewestDigits; end--) {
      if ((lengths & (1 << (end - start))) === 0 || !this.#passesLuhn(start, end)) continue;
      if (end === to || (this.#cell(end) & startsGroup) !== 0) return end - kept;
    }
    // A security code or an expiry date stuck to it.
    const usual = usualLength(firstFour);
    return usual > 0 && groupEnd - start > usual && this.#passesLuhn(start, start + usual)
      ? groupEnd - kept
      : 0;
  }

  #firstFour(start: number): number {
    let number = 0;
    for (let i = start; i < start + 4; i++) number = number * 10 + (this.#cell(i) & value);
    return number;
  }

  #hide(from: number, to: number, hide: Hide | undefined): boolean {
    if (hide !== undefined) for (let i = from; i < to; i++) hide(this.#places[i] ?? 0);
    return true;
  }
}
