import fc from 'fast-check';
import { isKafkaRxError } from '../../lib/errors/errors.js';
import { type CalendarUnit, calendar } from '../../lib/time/calendar.js';

const hours = 3_600_000;
const iso = (time: number): string => new Date(time).toISOString();
const at = (text: string): number => Date.parse(text);

/** Of the window that a moment is in. */
function windowIn(unit: CalendarUnit, zone: string, moment: string): readonly [string, string, number] {
  const { start, end } = calendar(unit, { zone, graceMs: 0 }).windowOf(at(moment));
  return [iso(start), iso(end), (end - start) / hours];
}

describe('a day', () => {
  test.each<[string, string, string, string, string, number]>([
    [
      'of 23 hours',
      'Europe/Berlin',
      '2024-03-31T12:00:00Z',
      '2024-03-30T23:00:00.000Z',
      '2024-03-31T22:00:00.000Z',
      23,
    ],
    [
      'of 25 hours',
      'Europe/Berlin',
      '2024-10-27T12:00:00Z',
      '2024-10-26T22:00:00.000Z',
      '2024-10-27T23:00:00.000Z',
      25,
    ],
    [
      'begins at 01:00 where midnight is skipped',
      'America/Sao_Paulo',
      '2017-10-15T12:00:00Z',
      '2017-10-15T03:00:00.000Z',
      '2017-10-16T02:00:00.000Z',
      23,
    ],
    [
      'ends when the clocks have shown 23:00 twice',
      'America/Sao_Paulo',
      '2018-02-18T02:30:00Z',
      '2018-02-17T02:00:00.000Z',
      '2018-02-18T03:00:00.000Z',
      25,
    ],
    [
      'begins at 01:00 where midnight is skipped',
      'Asia/Beirut',
      '2022-03-27T12:00:00Z',
      '2022-03-26T22:00:00.000Z',
      '2022-03-27T21:00:00.000Z',
      23,
    ],
    [
      'before one that was skipped',
      'Pacific/Apia',
      '2011-12-30T05:00:00Z',
      '2011-12-29T10:00:00.000Z',
      '2011-12-30T10:00:00.000Z',
      24,
    ],
    [
      'behind one that was skipped',
      'Pacific/Apia',
      '2011-12-30T10:00:00Z',
      '2011-12-30T10:00:00.000Z',
      '2011-12-31T10:00:00.000Z',
      24,
    ],
    [
      'that has begun is not over because the clocks are set back over midnight',
      'America/St_Johns',
      '2010-11-07T02:45:00Z',
      '2010-11-07T02:30:00.000Z',
      '2010-11-08T03:30:00.000Z',
      25,
    ],
    [
      'is of UTC where that is asked for',
      'UTC',
      '2024-03-31T12:00:00Z',
      '2024-03-31T00:00:00.000Z',
      '2024-04-01T00:00:00.000Z',
      24,
    ],
    [
      'begins at 0, not below',
      'America/New_York',
      '1970-01-01T03:00:00Z',
      '1970-01-01T00:00:00.000Z',
      '1970-01-01T05:00:00.000Z',
      5,
    ],
  ])('%s (%s, %s)', (_, zone, moment, ...window) => {
    expect(windowIn('day', zone, moment)).toEqual(window);
  });
});

test('clocks that are set back over midnight leave one window to each day', () => {
  const days = calendar('day', { zone: 'America/St_Johns', graceMs: 0 });
  // 00:01 became 23:01 of the day before.
  const moments = ['02:29', '02:30', '02:31', '03:29', '03:31'].map(time => at(`2010-11-07T${time}:00Z`));
  expect(moments.map(moment => iso(days.windowOf(moment).start))).toEqual([
    '2010-11-06T02:30:00.000Z',
    ...new Array(4).fill('2010-11-07T02:30:00.000Z'),
  ]);
});

describe('an hour', () => {
  test.each<[string, string, string, string, string, number]>([
    [
      'that comes twice is two windows',
      'Europe/Berlin',
      '2024-10-27T00:30:00Z',
      '2024-10-27T00:00:00.000Z',
      '2024-10-27T01:00:00.000Z',
      1,
    ],
    [
      'of a zone off by half an hour',
      'Asia/Kolkata',
      '2024-10-27T00:45:00Z',
      '2024-10-27T00:30:00.000Z',
      '2024-10-27T01:30:00.000Z',
      1,
    ],
    [
      'that is set forward by half',
      'Australia/Lord_Howe',
      '2024-10-05T15:45:00Z',
      '2024-10-05T15:30:00.000Z',
      '2024-10-05T16:00:00.000Z',
      0.5,
    ],
    [
      'that is set back by half, before',
      'Australia/Lord_Howe',
      '2024-04-06T14:45:00Z',
      '2024-04-06T14:00:00.000Z',
      '2024-04-06T15:00:00.000Z',
      1,
    ],
    [
      'that is set back by half, behind',
      'Australia/Lord_Howe',
      '2024-04-06T15:15:00Z',
      '2024-04-06T15:00:00.000Z',
      '2024-04-06T15:30:00.000Z',
      0.5,
    ],
  ])('%s (%s, %s)', (_, zone, moment, ...window) => {
    expect(windowIn('hour', zone, moment)).toEqual(window);
  });
});

test('a week begins on Monday, or on the day that is given', () => {
  expect(windowIn('week', 'UTC', '2024-05-15T12:00:00Z').slice(0, 2)).toEqual([
    '2024-05-13T00:00:00.000Z',
    '2024-05-20T00:00:00.000Z',
  ]);
  const starts = (['sunday', 'wednesday', 'thursday'] as const).map(weekStartsOn =>
    iso(
      calendar('week', { zone: 'UTC', graceMs: 0, weekStartsOn }).windowOf(at('2024-05-15T12:00:00Z')).start,
    ),
  );
  expect(starts.map(start => start.slice(8, 10))).toEqual(['12', '15', '09']);
});

test('a month has its days, leap years included', () => {
  expect(windowIn('month', 'Europe/Berlin', '2024-02-29T22:59:59Z')).toEqual([
    '2024-01-31T23:00:00.000Z',
    '2024-02-29T23:00:00.000Z',
    29 * 24,
  ]);
  expect(windowIn('month', 'Europe/Berlin', '2024-12-31T23:00:00Z')[1]).toBe('2025-01-31T23:00:00.000Z');
});

describe('over all zones and the years 1990 to 2040', () => {
  const zones = Intl.supportedValuesOf('timeZone');
  const units = fc.constantFrom<CalendarUnit>('hour', 'day', 'week', 'month');
  const time = fc.integer({ min: at('1990-01-01T00:00:00Z'), max: at('2040-12-31T00:00:00Z') });
  /** What the clocks show, by other means than the windows are found by. */
  const shown = (zone: string, moment: number): string =>
    new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(
      moment,
    );
  const period = { hour: 13, day: 10, month: 7 };

  test('windows hold their moment, and are neither apart nor one over another', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), units, time, (zone, unit, moment) => {
        const windows = calendar(unit, { zone, graceMs: 0 });
        const { start, end } = windows.windowOf(moment);
        expect(start <= moment && moment < end).toBe(true);
        expect(end - start).toBeLessThanOrEqual(windows.mostSizeMs);
        // Found anew, from each end.
        const others = calendar(unit, { zone, graceMs: 0 });
        expect(others.windowOf(end).start).toBe(end);
        expect(others.windowOf(start - 1).end).toBe(start);
        expect(others.windowOf(end - 1)).toEqual({ start, end });
        expect(others.windowOf(start)).toEqual({ start, end });
      }),
      { numRuns: 300 },
    );
  });

  test('the clocks show another period in each window, and from its start on none that is later', () => {
    const unit = fc.constantFrom<keyof typeof period>('hour', 'day', 'month');
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        unit,
        time,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (zone, unit, moment, share) => {
          const { start, end } = calendar(unit, { zone, graceMs: 0 }).windowOf(moment);
          const name = (one: number): string => shown(zone, one).slice(0, period[unit]);
          const inside = Math.min(end - 1, start + Math.floor(share * (end - start)));
          expect(name(start) >= name(inside)).toBe(true);
          expect(name(end - 1)).toBe(name(start));
          if (unit !== 'hour') {
            expect(name(start - 1) < name(start)).toBe(true);
            expect(name(end) > name(start)).toBe(true);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('every change of the clocks in a year is between two windows or in one, in zones that change at odd times', () => {
    const odd = [
      'America/Sao_Paulo',
      'Asia/Beirut',
      'Africa/Cairo',
      'America/St_Johns',
      'Pacific/Apia',
      'Asia/Tehran',
      'Antarctica/Troll',
    ];
    for (const zone of odd) {
      const days = calendar('day', { zone, graceMs: 0 });
      let expected = days.windowOf(at('2010-06-01T00:00:00Z')).end;
      for (let time = expected; time < at('2012-06-01T00:00:00Z'); time += 2 * hours) {
        const { start, end } = days.windowOf(time);
        if (start !== expected) {
          expect(start).toBe(days.windowOf(expected).end);
          expected = start;
        }
        expect(end).toBeGreaterThan(time);
      }
    }
  });
});

test('what was found before is what is found now, in whatever order it is asked for', () => {
  const time = fc.integer({ min: at('2023-01-01T00:00:00Z'), max: at('2026-01-01T00:00:00Z') });
  const days = calendar('day', { zone: 'America/New_York', graceMs: 0 });
  fc.assert(
    fc.property(time, moment => {
      const anew = calendar('day', { zone: 'America/New_York', graceMs: 0 });
      expect(days.windowOf(moment)).toEqual(anew.windowOf(moment));
    }),
    { numRuns: 100 },
  );
});

test('a record costs a comparison while time moves on slowly, and little more where it goes back', () => {
  const days = calendar('day', { zone: 'Europe/Berlin', graceMs: 0 });
  const began = process.cpuUsage();
  const from = at('2024-03-25T00:00:00Z');
  const records = 500_000;
  let sum = 0;
  // A record a second, every other one a day late.
  for (let n = 0; n < records; n++) sum += days.windowOf(from + n * 1000 - (n % 2) * 24 * hours).start;
  const { user, system } = process.cpuUsage(began);
  const nanoseconds = ((user + system) / records) * 1000;
  expect(sum).toBeGreaterThan(0);
  expect(nanoseconds).toBeLessThan(5000); // some 20; found anew each time, 100,000
});

test('it is data', () => {
  const { windowOf, ...data } = calendar('week', {
    zone: 'Asia/Tokyo',
    graceMs: 60_000,
    weekStartsOn: 'sunday',
  });
  expect(data).toEqual({
    kind: 'calendar',
    unit: 'week',
    zone: 'Asia/Tokyo',
    graceMs: 60_000,
    weekStartsOn: 0,
    retentionMs: 691_260_000,
    mostSizeMs: 8 * 24 * hours,
  });
  expect(Object.isFrozen(windowOf(0))).toBe(true);
});

test.each<[string, () => unknown, string]>([
  [
    'a zone that nobody knows',
    () => calendar('day', { zone: 'Europe/Atlantis', graceMs: 0 }),
    'CONFIGURATION',
  ],
  ['a unit that is none', () => calendar('year' as never, { zone: 'UTC', graceMs: 0 }), 'CONFIGURATION'],
  ['no grace', () => calendar('day', { zone: 'UTC' } as never), 'CONFIGURATION'],
  [
    'a weekday that is none',
    () => calendar('week', { zone: 'UTC', graceMs: 0, weekStartsOn: 'mon' as never }),
    'CONFIGURATION',
  ],
  [
    'a time that is no number',
    () => calendar('day', { zone: 'UTC', graceMs: 0 }).windowOf(Number.NaN),
    'PROCESS',
  ],
  [
    'a time behind the last date',
    () => calendar('day', { zone: 'UTC', graceMs: 0 }).windowOf(8.64e15),
    'PROCESS',
  ],
])('%s is refused', (_, run, code) => {
  let thrown: unknown;
  try {
    run();
  } catch (error) {
    thrown = error;
  }
  expect(isKafkaRxError(thrown) && thrown.code).toBe(code);
});
