import { oneOfEachPartition } from '../../bench/restore/restore.js';
import { keyOf, textOf } from '../../bench/restore/restore-plan.js';
import { type MeasuredRestore, restoreVerdictOf } from '../../bench/restore/restore-verdict.js';
import { partitionForKey } from '../../lib/flow/sinks/partitioner.js';

const took = (
  row: MeasuredRestore['row'],
  name: MeasuredRestore['name'],
  restoreMs: readonly number[],
  readyMs = restoreMs,
): MeasuredRestore => ({
  row,
  name,
  reports: restoreMs.map((ms, i) => ({ restoreMs: ms, readyMs: readyMs[i] ?? 0, cpuMs: 1 })),
});

describe('the verdict on restores', () => {
  test('compares within a round, and tells rows and bytes a second', () => {
    const { pass, verdict, figures } = restoreVerdictOf(
      [
        took('memory', 'kafka-rx', [1_000, 10_000, 1_000]),
        took('memory', 'kafka-streams', [1_000, 10_000, 1_100]),
        took('restart', 'kafka-rx', [5], [2_000]),
        took('restart', 'kafka-streams', [5], [9_000]),
      ],
      100_000,
      208,
    );
    expect([pass, verdict]).toEqual([
      true,
      'kafka-rx restores 100,000 rows/s, 20.8 MB/s, and is there again after 2000 ms, every target met',
    ]);
    expect(figures).toMatchObject({ judged: [{ ratio: { median: 1 } }, { ratio: { median: 2_000 } }] });
  });

  test.each<[string, number, number, string]>([
    ['a slower restore', 1_001, 2_000, 'restore, disk beside kafka-streams'],
    ['a late restart', 1_000, 2_001, 'restart, disk'],
  ])('is missed by %s alone', (_what, restoreMs, readyMs, what) => {
    const { pass, verdict } = restoreVerdictOf(
      [
        took('disk', 'kafka-rx', [restoreMs]),
        took('disk', 'kafka-streams', [1_000]),
        took('restart', 'kafka-rx', [1], [readyMs]),
      ],
      1_000,
      208,
    );
    expect(pass).toBe(false);
    expect(verdict).toMatch(new RegExp(`targets missed: ${what}$`));
  });
});

test('a value has the bytes that were asked for, and tells whose it is', () => {
  expect(textOf(42, 200)).toHaveLength(200);
  expect(textOf(42, 200).endsWith(keyOf(42))).toBe(true);
});

test('each partition gets a record that shows that its task has begun', () => {
  const numbers = oneOfEachPartition(1_000, 4);
  expect(new Set(numbers.map(number => partitionForKey(Buffer.from(keyOf(number)), 4))).size).toBe(4);
  expect(() => oneOfEachPartition(1, 4)).toThrow('too few');
});
