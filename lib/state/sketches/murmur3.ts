/**
 * MurmurHash3 x86_128 by Austin Appleby (public domain), seed 0, of which the first 64 bits are given as two numbers of 32: multiplications of
 * 32 bits are what JavaScript is quick at. The same on every machine, as what is kept must be.
 */
export function murmur3(bytes: Uint8Array, seed = 0): Hash {
  let h1 = seed | 0;
  let h2 = h1;
  let h3 = h1;
  let h4 = h1;
  const blocks = bytes.length & ~15;
  for (let at = 0; at < blocks; at += 16) {
    h1 = mixed(h1 ^ k1(word(bytes, at)), 19, h2, 0x561ccd1b);
    h2 = mixed(h2 ^ k2(word(bytes, at + 4)), 17, h3, 0x0bcaa747);
    h3 = mixed(h3 ^ k3(word(bytes, at + 8)), 15, h4, 0x96cd1c35);
    h4 = mixed(h4 ^ k4(word(bytes, at + 12)), 13, h1, 0x32ac3b17);
  }
  const tail = bytes.length - blocks;
  if (tail > 12) h4 ^= k4(word(bytes, blocks + 12));
  if (tail > 8) h3 ^= k3(word(bytes, blocks + 8));
  if (tail > 4) h2 ^= k2(word(bytes, blocks + 4));
  if (tail > 0) h1 ^= k1(word(bytes, blocks));

  h1 ^= bytes.length;
  h2 ^= bytes.length;
  h3 ^= bytes.length;
  h4 ^= bytes.length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = final((h2 + h1) | 0);
  h3 = final((h3 + h1) | 0);
  h4 = final((h4 + h1) | 0);
  h1 = final(h1);
  h1 = (h1 + h2 + h3 + h4) | 0;
  return { high: h1 >>> 0, low: (h2 + h1) >>> 0, rest: [(h3 + h1) >>> 0, (h4 + h1) >>> 0] };
}

export interface Hash {
  /** 32 bits, unsigned; `low` too. */
  readonly high: number;
  readonly low: number;
  /** The other 64 bits. */
  readonly rest: readonly [number, number];
}

const c1 = 0x239b961b;
const c2 = 0xab0e9789;
const c3 = 0x38b34ae5;
const c4 = 0xa1e38b93;

const k1 = (k: number): number => Math.imul(rotated(Math.imul(k, c1), 15), c2);
const k2 = (k: number): number => Math.imul(rotated(Math.imul(k, c2), 16), c3);
const k3 = (k: number): number => Math.imul(rotated(Math.imul(k, c3), 17), c4);
const k4 = (k: number): number => Math.imul(rotated(Math.imul(k, c4), 18), c1);

function mixed(h: number, by: number, next: number, constant: number): number {
  return (Math.imul((rotated(h, by) + next) | 0, 5) + constant) | 0;
}

function rotated(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function final(h: number): number {
  const once = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}

/** Four bytes, little-endian; those behind the end are 0. */
function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}
