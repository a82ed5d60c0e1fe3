import { guaranteeVerdictOf, type MeasuredRow } from '../../bench/guarantee/guarantee-verdict.js';
import { rowsOf } from '../../bench/guarantee/rows.js';

type Figures = readonly [throughput: readonly number[], cpuUs: readonly number[], p99Ms: readonly number[]];

const row = (
  name: MeasuredRow['name'],
  guarantee: MeasuredRow['guarantee'],
  [throughput, cpuUs, p99Ms]: Figures,
): MeasuredRow => ({
  ...{ title: `${name} ${guarantee}`, name, guarantee, throughput, cpuUs },
  latency: p99Ms.map(p99 => ({
    ...{ p50Ms: 1, p99Ms: p99, p999Ms: 2 * p99, maxMs: 3 * p99 },
    ...{ sentLateMs: 1, writtenP99Ms: 1 },
  })),
});

const plain = row('kafka-rx', 'at-least-once', [
  [100, 10, 100],
  [10, 100, 10],
  [5, 5, 5],
]);
const streams = row('kafka-streams', 'exactly-once', [
  [50, 5, 50],
  [20, 200, 20],
  [190, 190, 190],
]);
const exactly = (throughput: number[], cpuUs: number[], p99Ms: number[]) =>
  row('kafka-rx', 'exactly-once', [throughput, cpuUs, p99Ms]);

describe('the verdict on guarantees', () => {
  test('judges nothing without the row of exactly once, and says so', () => {
    const { pass, verdict, figures } = guaranteeVerdictOf([plain, streams], 1_000);
    expect(pass).toBeUndefined();
    expect(verdict).toBe(
      'kafka-rx at-least-once 100 purchases/s at 10.0 µs of CPU, p99 5.0 ms at 1,000/s; without kafka-rx exactly-once there is nothing to judge',
    );
    expect(figures).toMatchObject({ leftOut: ['kafka-rx exactly-once'] });
  });

  test('compares within a round', () => {
    const own = exactly([95, 9.5, 95], [12, 120, 12], [140, 200, 130]);
    const { pass, verdict, figures } = guaranteeVerdictOf([plain, own, streams], 1_000);
    expect(pass).toBe(true);
    expect(verdict).toContain('every target met');
    expect(figures).toMatchObject({
      leftOut: [],
      comparisons: [
        { to: 'kafka-rx at-least-once', measured: { throughput: { min: 0.95, max: 0.95 } }, met: true },
        { to: 'kafka-streams exactly-once', measured: { cpu: { min: 0.6, max: 0.6 } }, met: true },
      ],
    });
  });

  test.each<[string, MeasuredRow, string]>([
    ['throughput', exactly([89], [10], [100]), 'beside kafka-rx at-least-once'],
    ['CPU', exactly([100], [12.6], [100]), 'beside kafka-rx at-least-once, beside kafka-streams'],
    ['latency', exactly([100], [10], [151]), 'p99 of 150 ms'],
  ])('is missed by %s alone', (_what, own, missed) => {
    const one = (of: MeasuredRow): MeasuredRow => ({
      ...of,
      ...{ throughput: of.throughput.slice(0, 1), cpuUs: of.cpuUs.slice(0, 1) },
    });
    const { pass, verdict } = guaranteeVerdictOf([one(plain), own, one(streams)], 1_000);
    expect(pass).toBe(false);
    expect(verdict).toContain(`targets missed: ${missed}`);
  });
});

test('each contestant runs once for each guarantee that it has', () => {
  expect(rowsOf(['kafka-rx', 'kafka-streams']).map(({ title }) => title)).toEqual([
    'kafka-rx at-least-once',
    'kafka-rx exactly-once',
    'kafka-streams at-least-once',
    'kafka-streams exactly-once',
  ]);
});
