/**
 * How long to wait before the next try: doubling, capped.
 *
 * @param attempt the number of the try that failed, from 1
 * @param firstMs milliseconds after the first
 * @param longestMs milliseconds that no wait exceeds
 */
export function doublingMs(attempt: number, firstMs: number, longestMs: number): number {
  return Math.min(firstMs * 2 ** (attempt - 1), longestMs);
}
