import fc from 'fast-check';
import { counting } from '../../../lib/state/processors/fold.js';
import { KeyedAggregate } from '../../../lib/state/processors/keyed-aggregate.js';
import { SlidingAggregate } from '../../../lib/state/processors/sliding-aggregate.js';
import { WindowedAggregate } from '../../../lib/state/processors/windowed-aggregate.js';
import { hopping } from '../../../lib/time/hopping.js';
import { sliding } from '../../../lib/time/sliding.js';
import { tumbling } from '../../../lib/time/tumbling.js';
import { unlimited } from '../../../lib/time/unlimited.js';
import { closesAt, type TimeWindow } from '../../../lib/time/windows.js';
import { PlainState } from '../plain-tables.js';
import { Heard } from './heard.js';
import { processorOf, someWindows } from './processors-of-windows.js';

const fold = counting();

function rowsOf(state: PlainState, table = 'rows'): number {
  return state.table(table).page({}, Number.POSITIVE_INFINITY).length;
}

test('each window that is closed is told, and only those', () => {
  const state = new PlainState();
  const windows = hopping(10, { advanceMs: 5, graceMs: 0 });
  const processor = new WindowedAggregate(state, { windows, fold, emits: 'updates' });
  const heard = new Heard<number>();
  processor.take('a', 'x', 20, heard);
  processor.take('a', 'x', 12, heard);
  expect(heard.notTakens).toEqual([
    { why: 'late', window: { start: 5, end: 15 } },
    { why: 'late', window: { start: 10, end: 20 } },
  ]);
  processor.take(undefined, 'x', 90, heard);
  expect(heard.notTakens[2]).toEqual({ why: 'null-key', window: undefined });
  processor.take('a', 'x', 18, heard);
  expect(heard.results.at(-1)).toEqual({ key: 'a', window: { start: 15, end: 25 }, value: 2, timestamp: 20 });
});

test('unlimited: a record before the start is told, everything else is in one window', () => {
  const state = new PlainState();
  const processor = new WindowedAggregate(state, {
    windows: unlimited({ startMs: 5 }),
    fold,
    emits: 'updates',
  });
  const heard = new Heard<number>();
  for (const timestamp of [1e12, 5, 4]) processor.take('a', 'x', timestamp, heard);
  expect(processor.close(10, heard)).toBe(false);
  const window = { start: 5, end: Number.POSITIVE_INFINITY };
  expect(heard.results).toEqual([
    { key: 'a', window, value: 1, timestamp: 1e12 },
    { key: 'a', window, value: 2, timestamp: 1e12 },
  ]);
  expect(heard.notTakens).toEqual([{ why: 'no-window', window: undefined }]);
});

test('unlimited windows have no final results: that is refused', () => {
  expect(
    () => new WindowedAggregate(new PlainState(), { windows: unlimited(), fold, emits: 'final' }),
  ).toThrow(
    expect.objectContaining({ code: 'CONFIGURATION', message: expect.stringContaining("Emit 'updates'") }),
  );
});

describe.each(['updates', 'final'] as const)('rows are gone once they are past retention: %s', emits => {
  test.each([0, 30])('kept %i ms beyond the closing, in turns of any size', keptMs => {
    const state = new PlainState();
    const windows = tumbling(10, { graceMs: 5, retentionMs: 15 + keptMs });
    const processor = new WindowedAggregate(state, { windows, fold, emits });
    const heard = new Heard<number>();
    for (let i = 0; i < 100; i++) processor.take(`k${i}`, 'x', i % 10, heard);
    processor.take('k', 'x', 14 + keptMs, heard);
    while (processor.close(7, heard));
    expect(rowsOf(state)).toBe(101);
    processor.take('k', 'x', 15 + keptMs, heard);
    expect(processor.close(7, heard)).toBe(true);
    while (processor.close(7, heard));
    expect(rowsOf(state)).toBe(1);
  });

  test('of sliding windows by segments, and what waits to be closed with them', () => {
    const state = new PlainState();
    const processor = new SlidingAggregate(state, { windows: sliding(10, { graceMs: 5 }), fold, emits });
    const heard = new Heard<number>();
    for (let i = 0; i < 1_000; i++) {
      processor.take(`k${i % 20}`, 'x', 1_000 * i, heard);
      while (processor.close(3, heard));
      // A segment of 60 s and what is still seen.
      expect(rowsOf(state)).toBeLessThan(63);
      if (emits === 'final') expect(rowsOf(state, 'closing')).toBeLessThan(3);
    }
    if (emits === 'final') expect(heard.results).toHaveLength(999);
  });
});

test('a window of a single moment is not gone before it is closed', () => {
  const state = new PlainState();
  const processor = new SlidingAggregate(state, {
    windows: sliding(0, { graceMs: 0 }),
    fold,
    emits: 'final',
  });
  const heard = new Heard<number>();
  // The last moment of a segment: it is at the edge of retention at once.
  for (const timestamp of [59_999, 60_100]) {
    processor.take('a', 'x', timestamp, heard);
    while (processor.close(3, heard));
  }
  const window = { start: 59_999, end: 59_999 };
  expect(heard.results).toEqual([{ key: 'a', window, value: 1, timestamp: 59_999 }]);
});

test('what takes no record any more is what is closed', () => {
  const moment = fc.integer({ min: 0, max: 100 });
  fc.assert(
    fc.property(
      fc.nat(20).chain(grace => someWindows(grace)),
      moment,
      moment,
      (windows, one, other) => {
        const processor = processorOf(new PlainState(), windows, 'updates');
        const now = Math.max(one, other);
        processor.take('a', 1, now, new Heard());
        const heard = new Heard<number>();
        processor.take('b', 1, Math.min(one, other), heard);
        const isClosed = ({ window }: { window: TimeWindow | undefined }): boolean =>
          window === undefined || closesAt(windows, window) <= now;
        expect(heard.results.filter(isClosed)).toEqual([]);
        expect(heard.notTakens.filter(one => !isClosed(one))).toEqual([]);
        expect(heard.results.length + heard.notTakens.length).toBeGreaterThan(0);
      },
    ),
  );
});

test('a key alone: what has no key or no value is told', () => {
  const processor = new KeyedAggregate(new PlainState(), fold);
  const heard = new Heard<number>();
  processor.take(undefined, 'x', 1, heard);
  processor.take('a', null, 1, heard);
  expect(heard.notTakens.map(({ why }) => why)).toEqual(['null-key', 'null-value']);
  expect(heard.results).toEqual([]);
});

test('stream time is of records with a key, and does not go back', () => {
  const state = new PlainState();
  const processor = new WindowedAggregate(state, {
    windows: tumbling(10, { graceMs: 0 }),
    fold,
    emits: 'final',
  });
  const heard = new Heard<number>();
  processor.take(undefined, 'x', 90, heard);
  expect(state.numbers.get('streamTime')).toBeUndefined();
  for (const timestamp of [20, 10]) processor.take('a', 'x', timestamp, heard);
  expect(state.numbers.get('streamTime')).toBe(20);
});
