import fc from 'fast-check';
import { hopping } from '../../lib/time/hopping.js';
import { session } from '../../lib/time/session.js';
import { sliding } from '../../lib/time/sliding.js';
import { tumbling } from '../../lib/time/tumbling.js';
import { unlimited } from '../../lib/time/unlimited.js';
import { windowsOf } from '../../lib/time/window-grid.js';
import { closesAt } from '../../lib/time/windows.js';

describe('windows are data, and frozen', () => {
  test.each([
    [tumbling(60, { graceMs: 5 }), { kind: 'tumbling', sizeMs: 60, graceMs: 5, retentionMs: 65 }],
    [
      tumbling(60, { graceMs: 0, retentionMs: 100 }),
      { kind: 'tumbling', sizeMs: 60, graceMs: 0, retentionMs: 100 },
    ],
    [
      hopping(60, { advanceMs: 20, graceMs: 5 }),
      { kind: 'hopping', sizeMs: 60, advanceMs: 20, graceMs: 5, retentionMs: 65 },
    ],
    [sliding(60, { graceMs: 5 }), { kind: 'sliding', differenceMs: 60, graceMs: 5, retentionMs: 125 }],
    [session(60, { graceMs: 5 }), { kind: 'session', gapMs: 60, graceMs: 5, retentionMs: 65 }],
    [unlimited(), { kind: 'unlimited', startMs: 0 }],
    [unlimited({ startMs: 7 }), { kind: 'unlimited', startMs: 7 }],
  ])('%j', (windows, data) => {
    expect(windows).toEqual(data);
    expect(Object.isFrozen(windows)).toBe(true);
  });
});

describe('what cannot be meant is refused', () => {
  // As from JavaScript.
  const none = {} as { graceMs: number };

  test.each<[string, () => unknown, RegExp]>([
    ['no grace', () => tumbling(60, none), /tumbling: graceMs is missing.*Set it/],
    ['no options', () => sliding(60, undefined as unknown as typeof none), /sliding: the options must be/],
    [
      'a size of 0',
      () => tumbling(0, { graceMs: 0 }),
      /tumbling: sizeMs must be a whole number from 1 up, and is 0/,
    ],
    [
      'parts of milliseconds',
      () => hopping(1.5, { advanceMs: 1, graceMs: 0 }),
      /hopping: sizeMs must be a whole/,
    ],
    [
      'a grace below 0',
      () => session(5, { graceMs: -1 }),
      /session: graceMs must be a whole number from 0 up/,
    ],
    [
      'a misspelt name',
      () => unlimited({ start: 0 } as object),
      /unlimited: start is no option; 'startMs' is/,
    ],
    ['no advance', () => hopping(5, { graceMs: 0 } as never), /hopping: advanceMs is missing/],
    [
      'an advance above the size',
      () => hopping(5, { advanceMs: 6, graceMs: 0 }),
      /advanceMs must be at most sizeMs, which is 5, and is 6.*Advance by the size or less/,
    ],
    [
      'rows that go before their window is closed',
      () => tumbling(60, { graceMs: 5, retentionMs: 64 }),
      /tumbling: retentionMs must be at least 65.*and is 64.*leave it out for 65/,
    ],
    ['the same of sliding', () => sliding(60, { graceMs: 5, retentionMs: 124 }), /must be at least 125/],
    ['the same of sessions', () => session(60, { graceMs: 5, retentionMs: 64 }), /must be at least 65/],
    [
      'a day that advances by a minute',
      () => hopping(86_400_000, { advanceMs: 60_000, graceMs: 0 }),
      /each record would be in 1440 windows, and maxWindows is 1000.*Advance by 86400 ms or more, or raise maxWindows/,
    ],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION', message: expect.stringMatching(message) }),
    );
  });

  test('but for more windows a record, if they are asked for', () => {
    const windows = hopping(86_400_000, { advanceMs: 60_000, graceMs: 0, maxWindows: 1_440 });
    expect(windowsOf(windows, 1.7e12)).toHaveLength(1_440);
  });
});

const upTo = (max: number, min = 0) => fc.integer({ min, max });

test('a record is in exactly the windows that contain it', () => {
  const grids = fc.tuple(upTo(60, 1), upTo(60, 1)).map(([size, advance]) => ({
    size: Math.max(size, advance),
    advance: Math.min(size, advance),
  }));
  const times = fc.oneof(upTo(200), upTo(1_700_000_000_200, 1_700_000_000_000));
  fc.assert(
    fc.property(grids, times, ({ size, advance }, time) => {
      const windows =
        advance === size ? tumbling(size, { graceMs: 0 }) : hopping(size, { advanceMs: advance, graceMs: 0 });
      const expected: { start: number; end: number }[] = [];
      const first = Math.max(0, time - 3 * size);
      for (let start = first + ((advance - (first % advance)) % advance); start <= time; start += advance) {
        if (start + size > time) expected.push({ start, end: start + size });
      }
      expect(windowsOf(windows, time)).toEqual(expected);
    }),
  );
});

test('unlimited: one window, and before it none', () => {
  const window = { start: 5, end: Number.POSITIVE_INFINITY };
  expect(windowsOf(unlimited({ startMs: 5 }), 4)).toEqual([]);
  expect(windowsOf(unlimited({ startMs: 5 }), 5)).toEqual([window]);
  expect(windowsOf(unlimited({ startMs: 5 }), 1.7e12)).toEqual([window]);
});

test('a window closes once stream time is a grace behind all that it may still hold', () => {
  const window = { start: 100, end: 160 };
  expect(closesAt(tumbling(60, { graceMs: 5 }), window)).toBe(165);
  expect(closesAt(hopping(60, { advanceMs: 20, graceMs: 5 }), window)).toBe(165);
  expect(closesAt(sliding(60, { graceMs: 5 }), window)).toBe(166);
  expect(closesAt(session(30, { graceMs: 5 }), window)).toBe(196);
  expect(closesAt(unlimited(), { start: 0, end: Number.POSITIVE_INFINITY })).toBe(Number.POSITIVE_INFINITY);
});
