import { type UnitFigures, unitsVerdictOf } from '../../bench/guarantee/units-verdict.js';

const at = (partitions: number, cpuUs: number[]): UnitFigures => ({
  partitions,
  throughput: cpuUs.map(us => 1e6 / us),
  cpuUs,
});
const latencies = [
  { partitions: 4, intervalMs: 20, reports: [{ p50Ms: 12, p99Ms: 34, cpuUs: 56 }] },
] as never;

describe('the verdict on units of work', () => {
  test('compares within a round', () => {
    // Medians of their own would be 10 and 13.1.
    const { pass, verdict, lines } = unitsVerdictOf(
      [at(4, [10, 100, 1]), at(100, [13.1, 129, 1.2]), at(1_000, [20, 200, 2])],
      latencies,
    );
    expect([pass, verdict]).toEqual([
      true,
      'a purchase of 100 partitions costs 1.29 times one of 4, target 1.3',
    ]);
    expect(lines.at(-1)).toBe(
      '  4 partitions every 20 ms: p50 12.0 (12.0–12.0) ms, p99 34.0 (34.0–34.0) ms, CPU 56.0 (56.0–56.0) µs a purchase',
    );
  });

  test('is missed where many partitions cost more', () => {
    const { pass } = unitsVerdictOf([at(4, [10]), at(100, [13.1]), at(1_000, [10])], latencies);
    expect(pass).toBe(false);
  });
});
