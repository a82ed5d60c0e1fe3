import { latencyVerdictOf, type MeasuredLatency } from '../../bench/latency/latency-verdict.js';

const measured = (
  name: MeasuredLatency['name'],
  perSecond: number,
  p99s: readonly number[],
  tuning: MeasuredLatency['tuning'] = 'latency',
): MeasuredLatency => ({
  ...{ name, perSecond, tuning },
  reports: p99s.map(p99Ms => ({
    ...{ p50Ms: 1, p99Ms, p999Ms: 2 * p99Ms, maxMs: 3 * p99Ms },
    ...{ sentLateMs: 1, writtenP99Ms: 1 },
  })),
});

describe('the verdict on latency', () => {
  test('takes the median of the rounds at each rate', () => {
    const { pass, verdict } = latencyVerdictOf([
      measured('kafka-rx', 1000, [8, 30, 7]),
      measured('kafka-rx', 10_000, [9, 9, 50]),
      measured('platformatic', 10_000, [1, 1, 1]),
    ]);
    expect([pass, verdict]).toEqual([
      true,
      'p99 of kafka-rx 8.0 ms at 1,000/s, 9.0 ms at 10,000/s, target 10 ms',
    ]);
  });

  test('is missed at one rate only, and says which', () => {
    const { pass, verdict } = latencyVerdictOf([
      measured('kafka-rx', 1000, [8]),
      measured('kafka-rx', 10_000, [10.1]),
    ]);
    expect(pass).toBe(false);
    expect(verdict).toMatch(/; missed at 10,000\/s$/);
  });

  test.each([
    ['met', [9, 9, 30], [100, 90, 300], true],
    ['missed', [9, 9, 9], [80, 80, 300], false],
  ])('holds it to a tenth of Kafka Streams as it comes, within a round: %s', (_what, own, streams, met) => {
    const { pass } = latencyVerdictOf([
      measured('kafka-rx', 1000, own),
      measured('kafka-streams', 1000, [1, 1, 1]),
      measured('kafka-streams', 1000, streams, 'as-it-comes'),
      measured('kafka-rx', 10_000, [9]),
      measured('kafka-streams', 10_000, [20], 'as-it-comes'),
    ]);
    expect(pass).toBe(met);
  });

  test('is none without kafka-rx', () => {
    expect(() => latencyVerdictOf([measured('platformatic', 1000, [1])])).toThrow('kafka-rx did not run');
  });
});
