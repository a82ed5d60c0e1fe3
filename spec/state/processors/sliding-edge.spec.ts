/** Sliding windows at the edge of what is kept, as in Kafka Streams: final results are exact by default, updates where a millisecond more is kept. */
import fc from 'fast-check';
import type { ProcessorOutput } from '../../../lib/state/processors/processor.js';
import type { Emits } from '../../../lib/state/processors/windowed-aggregate.js';
import { sliding } from '../../../lib/time/sliding.js';
import { PlainState } from '../plain-tables.js';
import { type Input, processorOf } from './processors-of-windows.js';

const differenceMs = 7;

/** By key and start, the sum that was told last of what is in the window. */
function toldOf(
  records: readonly Input[],
  emits: Emits,
  retentionMs?: number,
): Readonly<Record<string, number>> {
  const windows = sliding(differenceMs, {
    graceMs: 0,
    ...(retentionMs === undefined ? {} : { retentionMs }),
  });
  const processor = processorOf(new PlainState(), windows, emits);
  const found: Record<string, number> = {};
  const output: ProcessorOutput<number> = {
    result(key, window, value) {
      if (key !== 'z') found[`${key}@${window?.start}`] = value ?? 0;
    },
    notTaken: why => {
      throw new Error(`not taken: ${why}`);
    },
  };
  for (const { key, value, timestamp } of [...records, { key: 'z', value: 1, timestamp: 1_000_000 }]) {
    processor.take(key, value, timestamp, output);
    while (processor.close(3, output));
  }
  return found;
}

/** Each window that a record ends, and each that begins behind one and has another in it. */
function due(records: readonly Input[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { key, timestamp } of records)
    for (const start of [timestamp - differenceMs, timestamp + 1]) {
      const sum = records
        .filter(one => one.key === key && one.timestamp >= start && one.timestamp <= start + differenceMs)
        .reduce((total, { value }) => total + value, 0);
      if (sum > 0) sums[`${key}@${start}`] = sum;
    }
  return sums;
}

const inOrder = fc
  .array(
    fc.record({
      key: fc.constantFrom('a', 'b'),
      value: fc.integer({ min: 1, max: 1_000 }),
      timestamp: fc.integer({ min: 100, max: 160 }),
    }),
    { minLength: 1, maxLength: 15 },
  )
  .map(records => records.sort((one, other) => one.timestamp - other.timestamp));

test.each([
  ['final', 2 * differenceMs],
  ['updates', 2 * differenceMs + 1],
] as const)(
  '%s: with a retention of %i ms each record counts in all of its windows',
  (emits, retentionMs) => {
    fc.assert(
      fc.property(inOrder, records => {
        expect(toldOf(records, emits, retentionMs)).toEqual(due(records));
      }),
      { numRuns: 1_000 },
    );
  },
);

test('by default, of updates, one that is a difference behind its own last is not counted with it where another key has begun a window behind', () => {
  const records = [
    { key: 'b', value: 1, timestamp: 117 },
    { key: 'a', value: 1, timestamp: 123 },
    { key: 'a', value: 1, timestamp: 124 },
    { key: 'b', value: 1, timestamp: 124 },
  ];
  // Both are what Kafka Streams 4.3.1 answers.
  expect([toldOf(records, 'updates')['b@117'], toldOf(records, 'final')['b@117']]).toEqual([1, 2]);
});
