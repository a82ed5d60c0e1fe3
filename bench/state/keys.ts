import type { Draw } from '../../demos/purchases/draws.js';

/** How often keys come: each alike, or the nth most frequent an nth as often as the first. */
export type Law = 'uniform' | 'zipf';

/** Draws a key, as a number from 0 up. */
export type DrawKey = () => number;

export function keysBy(law: Law, keys: number, draw: Draw): DrawKey {
  return law === 'uniform' ? () => Math.floor(draw() * keys) : zipf(keys, draw);
}

/** Zipf's law with exponent 1, exactly: a rank is looked up in the sums of all harmonic terms before it. */
function zipf(keys: number, draw: Draw): DrawKey {
  const sums = new Float64Array(keys);
  let sum = 0;
  for (let rank = 0; rank < keys; rank++) {
    sum += 1 / (rank + 1);
    sums[rank] = sum;
  }
  return () => scattered(firstAbove(sums, draw() * sum), keys);
}

/** A prime that divides no number of keys that ends in zeros. */
const stride = 6_700_417;

/**
 * Frequent keys side by side would all lie on a few pages of a tree: each number has a place of its own somewhere among the others.
 *
 * @param keys not a multiple of {@link stride}
 */
export function scattered(number: number, keys: number): number {
  return (number * stride) % keys;
}

function firstAbove(sums: Float64Array, wanted: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sums[middle] ?? 0) > wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}
