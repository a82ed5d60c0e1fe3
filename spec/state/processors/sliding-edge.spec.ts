/** Sliding windows at the edge of what is kept: as in Kafka Streams by default, and exact where two milliseconds more are kept. */
import fc from 'fast-check';
import type { ProcessorOutput } from '../../../lib/state/processors/processor.js';
import { sliding } from '../../../lib/time/sliding.js';
import { PlainState } from '../plain-tables.js';
import { type Input, processorOf } from './processors-of-windows.js';

const differenceMs = 7;

/** By key and start, the sum of what is in the window. */
function finalsOf(records: readonly Input[], retentionMs?: number): Readonly<Record<string, number>> {
  const windows = sliding(differenceMs, {
    graceMs: 0,
    ...(retentionMs === undefined ? {} : { retentionMs }),
  });
  const processor = processorOf(new PlainState(), windows, 'final');
  const found: Record<string, number> = {};
  const output: ProcessorOutput<number> = {
    result(key, window, value) {
      found[`${key}@${window?.start}`] = value ?? 0;
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

test('with two milliseconds more than by default each record counts in all of its windows', () => {
  fc.assert(
    fc.property(inOrder, records => {
      expect(finalsOf(records, 2 * differenceMs + 2)).toEqual(due(records));
    }),
    { numRuns: 1_000 },
  );
});

test('by default, as in Kafka Streams, one that is a difference behind its own last is not counted with it where another key has begun a window behind', () => {
  const records = [
    { key: 'b', value: 1, timestamp: 117 },
    { key: 'a', value: 1, timestamp: 123 },
    { key: 'a', value: 1, timestamp: 124 },
    { key: 'b', value: 1, timestamp: 124 },
  ];
  expect([finalsOf(records)['b@117'], due(records)['b@117']]).toEqual([1, 2]);
});
