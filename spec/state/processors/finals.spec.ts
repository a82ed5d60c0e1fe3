import fc from 'fast-check';
import { windowsOf } from '../../../lib/time/window-grid.js';
import type { TimeWindow } from '../../../lib/time/windows.js';
import { PlainState } from '../plain-tables.js';
import { Heard } from './heard.js';
import { type Input, inputs, processorOf, type Some, someWindows } from './processors-of-windows.js';

const longAfter = 1_000_000;

/** One of each window of a key that holds a record, in order of start and key, with the sum of what it holds. */
function model(windows: Some, records: readonly Input[]) {
  const results = new Map<string, { key: string; window: TimeWindow; value: number; timestamp: number }>();
  for (const { key, timestamp } of records) {
    for (const window of windows.kind === 'sliding'
      ? slidingWindowsOf(windows.differenceMs, timestamp)
      : windowsOf(windows, timestamp)) {
      const last = windows.kind === 'sliding' ? window.end : window.end - 1;
      const held = records.filter(
        one => one.key === key && one.timestamp >= window.start && one.timestamp <= last,
      );
      if (held.length === 0) continue;
      const value = held.reduce((sum, one) => sum + one.value, 0);
      const newest = Math.max(...held.map(one => one.timestamp));
      results.set(`${window.start} ${key}`, { key, window, value, timestamp: newest });
    }
  }
  return [...results.values()].sort(
    (one, other) => one.window.start - other.window.start || (one.key < other.key ? -1 : 1),
  );
}

/** The one that ends at a record, and the one that begins behind it. */
function slidingWindowsOf(differenceMs: number, timestamp: number): readonly TimeWindow[] {
  const starts = [Math.max(0, timestamp - differenceMs), timestamp + 1];
  return starts.map(start => ({ start, end: start + differenceMs }));
}

test('records that are within the grace give the finals of a plain model, whatever their order', () => {
  const given = fc
    .tuple(someWindows(200), inputs(200))
    .filter(([windows, records]) => windows.kind !== 'hopping' || records.length < 20);
  fc.assert(
    fc.property(given, fc.infiniteStream(fc.nat()), ([windows, records], order) => {
      const state = new PlainState();
      const processor = processorOf(state, windows, 'final');
      const heard = new Heard<number>();
      const shuffled = records.map(record => ({ record, at: order.next().value ?? 0 }));
      shuffled.sort((one, other) => one.at - other.at);
      for (const { record } of shuffled) {
        processor.take(record.key, record.value, record.timestamp, heard);
        while (processor.close(3, heard));
      }
      processor.take('later', 0, longAfter, heard);
      while (processor.close(3, heard));
      expect(heard.notTakens).toEqual([]);
      expect(heard.results).toEqual(model(windows, records));
    }),
    { numRuns: 300 },
  );
});
