import { redactText } from '../lib/card/redact-text.js';
import { worstCases } from '../spec/card/worst-cases.js';
import type { BenchmarkOptions, Outcome, Tell } from './benchmark.js';
import { cpuNs } from './cpu-time.js';
import { type Spread, shownSpread, spreadOf } from './spread.js';

const units = 1024 * 1024;
const targetMs = 50;

/** Every case by itself: the slowest is the result. */
export async function measureRedact({ rounds }: BenchmarkOptions, tell: Tell): Promise<Outcome> {
  const cases = worstCases(units);
  const times = new Map<string, number[]>(cases.map(({ name }) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    tell(`redact: round ${round + 1} of ${rounds}`);
    for (const { name, text } of cases) {
      const from = cpuNs();
      redactText(text);
      if (round >= 0) times.get(name)?.push((cpuNs() - from) / 1e6);
    }
  }
  const spreads = [...times].map(([name, ms]): [string, Spread] => [name, spreadOf(ms)]);
  spreads.sort(([, a], [, b]) => b.median - a.median);
  const [slowest] = spreads;
  if (slowest === undefined) throw new Error('there is no worst case');
  const [name, { median }] = slowest;
  return {
    lines: [
      `ms of CPU for 1 MiB (${units.toLocaleString('en-US')} characters), ${rounds} rounds, median (min–max)`,
      ...spreads.map(([what, spread]) => `  ${what.padEnd(38)} ${shownSpread(spread, 1)}`),
    ],
    verdict: `the slowest of ${spreads.length} cases (${name}) took ${median.toFixed(1)} ms of CPU for 1 MiB, target ${targetMs}`,
    pass: median <= targetMs,
    figures: { targetMs, cpuMs: Object.fromEntries(spreads) },
  };
}
