const firstMs = 100;

/**
 * How long to wait before the next attempt: doubling from 100 ms up to the cap, less up to a fifth at random, so that
 * the members of a group do not come back all at once.
 *
 * @param attempt counts from 1
 * @param capMs milliseconds
 */
export function backoffMs(attempt: number, capMs: number, random: () => number = Math.random): number {
  const full = Math.min(capMs, firstMs * 2 ** Math.min(attempt - 1, 20));
  return Math.round(full * (1 - random() / 5));
}
