import { Buffer } from 'node:buffer';
import { markAsUntransferable } from 'node:worker_threads';

/** As Node's own pool: a value keeps no more than this alive. */
const chunkBytes = 8192;
/** A longer value is written faster by Node than by a loop. */
const mostRoom = chunkBytes / 2;
/** Lengths of lent values for which a view is kept, 100 bytes each: a longer value is worth one of its own. */
const mostViews = 1024;
/** As text. */
const longestLoop = 64;
/** `-2.2250738585072014e-308` */
const longestNumber = 24;

const quote = 0x22;
const backslash = 0x5c;
const space = 0x20;
const zero = 0x30;
const point = 0x2e;

/** What JSON.stringify escapes (lone surrogates among it), and some controls that it does not. */
const escaped = /["\\\p{Cc}\p{Cs}]/u;

/**
 * JSON written into chunks of memory that many values share. A place of -1 says that this is not the way to write it:
 * text to be escaped, a number that would not be read back, a value that is long.
 *
 * @internal
 */
export class JsonBytes {
  bytes = chunk();
  #used = 0;
  readonly #most: number;
  /** By length, of the one value that is there at a time. */
  readonly #views: (Buffer | undefined)[] | undefined;

  /**
   * @param most a number beyond it, either way, would not be read back
   * @param lent the bytes of a value need last until the next is written, no longer: nothing is made for them
   */
  constructor(most: number, lent = false) {
    this.#most = most;
    this.#views = lent ? Array.from({ length: mostViews }, () => undefined) : undefined;
  }

  /** Where a value of at most so many bytes begins. */
  reserve(room: number): number {
    if (room > mostRoom) return -1;
    if (this.#views !== undefined) return 0;
    if (this.#used + room > chunkBytes) {
      this.bytes = chunk();
      this.#used = 0;
    }
    return this.#used;
  }

  /** The bytes from where the value began. */
  take(end: number): Buffer {
    if (this.#views !== undefined) return this.#viewUntil(end, this.#views);
    const taken = this.bytes.subarray(this.#used, end);
    this.#used = end;
    return taken;
  }

  #viewUntil(end: number, views: (Buffer | undefined)[]): Buffer {
    if (end >= views.length) return this.bytes.subarray(0, end);
    let view = views[end];
    if (view === undefined) {
      view = this.bytes.subarray(0, end);
      views[end] = view;
    }
    return view;
  }

  /** Text without its quotes, of at most three bytes a code unit. */
  text(from: number, text: string): number {
    const { bytes } = this;
    const { length } = text;
    if (length > longestLoop) return escaped.test(text) ? -1 : from + bytes.write(text, from);
    let p = from;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) return escaped.test(text) ? -1 : from + bytes.write(text, from);
      if (code < space || code === quote || code === backslash) return -1;
      bytes[p++] = code;
    }
    return p;
  }

  number(from: number, value: number): number {
    // The cheapest test for a small integer; -0 becomes 0, as in JSON.
    const whole = value | 0;
    if (whole === value && whole >= 0) return this.#digits(from, whole);
    // Four decimals cover most amounts of money. A decimal of at most 15 digits is the shortest text of its number.
    const scaled = Math.round(value * 10_000);
    if (value > 0 && value < 1e9 && scaled / 10_000 === value) {
      const units = Math.floor(scaled / 10_000);
      return this.#fraction(this.#digits(from, units), scaled - units * 10_000);
    }
    // What is above was safe. NaN is neither.
    return value <= this.#most && value >= -this.#most ? this.#ascii(from, String(value)) : -1;
  }

  any(from: number, value: string | number | boolean | null): number {
    if (typeof value === 'number') return this.number(from, value);
    if (typeof value !== 'string') return this.#ascii(from, String(value));
    this.bytes[from] = quote;
    const end = this.text(from + 1, value);
    if (end === -1) return -1;
    this.bytes[end] = quote;
    return end + 1;
  }

  /** The most bytes that {@link any} takes for it. */
  roomFor(value: string | number | boolean | null): number {
    return typeof value === 'string' ? 2 + 3 * value.length : longestNumber;
  }

  #digits(from: number, value: number): number {
    let end = from + 1;
    for (let limit = 10; value >= limit; limit *= 10) end++;
    let left = value;
    for (let p = end - 1; p >= from; p--) {
      const rest = Math.floor(left / 10);
      this.bytes[p] = zero + (left - rest * 10);
      left = rest;
    }
    return end;
  }

  /** Four digits behind the point, without the zeros at their end. */
  #fraction(from: number, tenThousandths: number): number {
    if (tenThousandths === 0) return from;
    this.bytes[from] = point;
    let left = tenThousandths;
    let end = from;
    for (let p = from + 4; p > from; p--) {
      const rest = Math.floor(left / 10);
      const digit = left - rest * 10;
      if (end === from && digit !== 0) end = p;
      this.bytes[p] = zero + digit;
      left = rest;
    }
    return end + 1;
  }

  #ascii(from: number, text: string): number {
    for (let i = 0; i < text.length; i++) this.bytes[from + i] = text.charCodeAt(i);
    return from + text.length;
  }
}

/** Not to be transferred to another thread, as Node's own pool is not: that would take all values in it along. */
function chunk(): Buffer {
  const bytes = Buffer.allocUnsafeSlow(chunkBytes);
  markAsUntransferable(bytes.buffer);
  return bytes;
}
