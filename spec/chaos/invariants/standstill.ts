import type { Evidence, Violation } from '../evidence.js';

/**
 * Under faults that touch a part of the work only, the rest goes on: no longer than the fault allows do all partitions of the
 * input stand still at once. A standstill belongs to the fault during which it began.
 */
export function* standstill({ faults, samples }: Evidence): Generator<Violation> {
  const sums = samples
    .filter(({ source }) => source === 'sample')
    .map(({ knownMs, committed }) => ({ knownMs, sum: [...committed.values()].reduce((a, b) => a + b, 0) }));
  const advances: number[] = [];
  let highest = -1;
  for (const { knownMs, sum } of sums) {
    if (sum <= highest) continue;
    highest = sum;
    advances.push(knownMs);
  }
  for (const { name, injectedMs, healedMs, standstillMs } of faults) {
    if (standstillMs === undefined) continue;
    for (const [i, from] of advances.entries()) {
      const until = advances[i + 1];
      if (until === undefined || until < injectedMs || from > healedMs || until - from <= standstillMs)
        continue;
      yield {
        invariant: 'the rest goes on',
        detail: `${name}: nothing was committed for ${until - from} ms, allowed are ${standstillMs} ms`,
      };
    }
  }
}
