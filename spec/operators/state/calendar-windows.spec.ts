/** Days, weeks and months of a zone as windows of operators with state, over daylight saving time. */
import fc from 'fast-check';
import { number, string } from 'kafka-rx';
import {
  type CalendarWindows,
  calendar,
  cogroup,
  count,
  counter,
  reduce,
  suppress,
  windowed,
} from 'kafka-rx/state';
import { testApp } from 'kafka-rx/testing';
import type { App } from '../../../lib/app/interface.js';
import { counting } from '../../../lib/state/processors/fold.js';
import { WindowedAggregate } from '../../../lib/state/processors/windowed-aggregate.js';
import { rowsOfWindows } from '../../../lib/time/rows-of-windows.js';
import { gridOf } from '../../../lib/time/window-grid.js';
import { PlainState } from '../../state/plain-tables.js';
import { Heard } from '../../state/processors/heard.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const text = { key: string, value: string };
const counts = { key: string, value: counter().codec };
const at = (moment: string, key = 'a', value = '') => ({ key, value, timestamp: Date.parse(moment) });

const days = calendar('day', { zone: 'Europe/Berlin', graceMs: hourMs });
const byDay = { key: windowed(string, { window: days }), value: counter().codec };

test('a day of 23 hours and one of 25 are counted, and closed an hour behind their ends; over a restart', async () => {
  const t = await testApp(app =>
    app
      .topic('in', text)
      .pipe(count(app.state('counts', counts), { window: days, emit: 'final' }))
      .subscribe(app.to('out', byDay)),
  );
  const read = () =>
    t.read('out', byDay).map(({ key, value }) => {
      const [start, end] = [key.start, key.end].map(time => new Date(time).toISOString().slice(0, 16));
      return `${key.key} ${start} ${end} ${value}`;
    });
  t.pipeIn('in', [at('2024-03-30T23:00Z'), at('2024-03-31T21:59Z')]);
  await t.restart();
  // The next day has begun, and the day before takes records for an hour yet.
  t.pipeIn('in', [at('2024-03-31T22:59Z'), at('2024-03-31T21:00Z')]);
  await t.idle();
  expect(read()).toEqual([]);
  t.pipeIn('in', [at('2024-03-31T23:00Z', 'b'), at('2024-03-31T21:00Z', 'late')]);
  await t.idle();
  expect(read()).toEqual(['a 2024-03-30T23:00 2024-03-31T22:00 3']);
  t.pipeIn('in', [at('2024-10-26T22:00Z'), at('2024-10-27T22:59Z'), at('2024-10-28T00:00Z')]);
  await t.idle();
  expect(read()).toEqual([
    'a 2024-03-31T22:00 2024-04-01T22:00 1',
    'b 2024-03-31T22:00 2024-04-01T22:00 1',
    'a 2024-10-26T22:00 2024-10-27T23:00 2',
  ]);
  await t.stop();
});

test('the state tells of each day', async () => {
  const states: { windows: (key: string) => readonly { readonly start: number; readonly end: number }[] }[] =
    [];
  const t = await testApp((app: App) => {
    const state = app.state('counts', counts);
    states.push(state);
    app
      .topic('in', text)
      .pipe(
        reduce(app.state('texts', text), (a, b) => a + b, { window: days }),
        suppress(app.state('finals', text), { until: 'windowCloses', window: days }),
      )
      .subscribe(app.to('texts', { key: byDay.key, value: string }));
    cogroup(state, [[app.topic('in', text), (sum: number) => sum + 1]], {
      initial: () => 0,
      window: days,
    }).subscribe(app.to('out', { key: byDay.key, value: number }));
  });
  t.pipeIn('in', [at('2024-10-26T22:00Z', 'a', 'x'), at('2024-10-27T22:00Z', 'a', 'y')]);
  t.pipeIn('in', [at('2024-10-27T23:00Z', 'a', 'z')]);
  await t.idle();
  expect(states[0]?.windows('a').map(({ start, end }) => (end - start) / hourMs)).toEqual([25, 24]);
  t.pipeIn('in', [at('2024-10-28T00:00Z', 'b', 'w')]);
  await t.idle();
  expect(t.read('texts', { key: byDay.key, value: string }).map(({ value }) => value)).toEqual(['xy']);
  await t.stop();
});

test('a timestamp beyond every calendar is refused, and moves no time', () => {
  const state = new PlainState();
  const processor = new WindowedAggregate(state, { windows: days, fold: counting(), emits: 'updates' });
  const heard = new Heard<number>();
  expect(() => processor.take('a', 'x', Number.MAX_SAFE_INTEGER, heard)).toThrow(/no window of the calendar/);
  processor.take('a', 'x', 5, heard);
  expect([heard.results.length, heard.notTakens]).toEqual([1, []]);
  expect(state.numbers.get('streamTime')).toBe(5);
});

test.each([
  [days, 'calendar(day, Europe/Berlin)'],
  [calendar('week', { zone: 'UTC', graceMs: 0 }), 'calendar(week, UTC, 1)'],
  [calendar('week', { zone: 'UTC', graceMs: 0, weekStartsOn: 'sunday' }), 'calendar(week, UTC, 0)'],
])('rows of other windows are told by the calendar: %#', (windows, rows) => {
  expect(rowsOfWindows(windows)).toBe(rows);
});

test('the first window begins at 0, also before it', () => {
  const grid = gridOf(days);
  expect([grid.first(-1), grid.first(0), grid.next(0)]).toEqual([0, 0, 23 * hourMs]);
});

test('retention is of the longest window there is', () => {
  expect(days.retentionMs).toBe(49 * hourMs);
  expect(() => calendar('month', { zone: 'UTC', graceMs: 0, retentionMs: 31 * 24 * hourMs })).toThrow(
    /calendar: retentionMs must be at least/,
  );
});

/** In these the clocks are never set back over midnight: then a date is a window. */
const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'UTC'] as const;
const units = ['day', 'month'] as const;

/** Windows as what the clocks show, found by looking at them every half an hour. */
class Clocks {
  readonly #format: Intl.DateTimeFormat;
  readonly #ends = new Map<string, number>();
  readonly #length: number;

  constructor(zone: string, unit: (typeof units)[number]) {
    this.#format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' });
    this.#length = unit === 'day' ? 10 : 7;
  }

  shown(time: number): string {
    return this.#format.format(time).slice(0, this.#length);
  }

  endOf(time: number): number {
    const shown = this.shown(time);
    let end = this.#ends.get(shown);
    if (end === undefined) {
      end = Math.floor(time / (30 * minuteMs)) * 30 * minuteMs;
      while (this.shown(end) === shown) end += 30 * minuteMs;
      this.#ends.set(shown, end);
    }
    return end;
  }
}

interface Input {
  readonly key: string;
  readonly time: number;
}

/** What is final behind each input, and how many were late. */
function modelled(inputs: readonly Input[], clocks: Clocks, graceMs: number) {
  const open = new Map<string, { readonly key: string; readonly end: number; count: number }>();
  const finals: string[] = [];
  let late = 0;
  let newest = -1;
  for (const { key, time } of inputs) {
    newest = Math.max(newest, time);
    const end = clocks.endOf(time);
    if (end <= newest - graceMs) late++;
    else {
      const name = `${key} ${clocks.shown(time)}`;
      const one = open.get(name) ?? { key, end, count: 0 };
      one.count++;
      open.set(name, one);
    }
    const closed = [...open].filter(([, one]) => one.end <= newest - graceMs);
    closed.sort(([, a], [, b]) => a.end - b.end || (a.key < b.key ? -1 : 1));
    for (const [name, { end: at, count: counted }] of closed) {
      open.delete(name);
      finals.push(`${name} ${at} ${counted}`);
    }
  }
  return { finals, late };
}

test('any records around the changes of the clocks: finals are those of a plain model, with restarts', () => {
  const around = fc
    .constantFrom('2024-03-10', '2024-03-31', '2024-04-07', '2024-10-06', '2024-10-27', '2024-11-03')
    .map(date => Date.parse(date));
  const input = fc.record({
    key: fc.constantFrom('a', 'b'),
    step: fc.integer({ min: -40 * 60, max: 60 * 60 }),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.constantFrom(...units),
      around,
      fc.array(input, { maxLength: 40 }),
      fc.constantFrom(0, hourMs, 26 * hourMs),
      fc.integer({ min: 1, max: 10 }),
      (zone, unit, from, steps, graceMs, restartEvery) => {
        const windows: CalendarWindows = calendar(unit, { zone, graceMs });
        const clocks = new Clocks(zone, unit);
        let now = from - 36 * hourMs;
        const inputs = steps.map(({ key, step }) => {
          now += step * minuteMs;
          return { key, time: now };
        });
        let state = new PlainState();
        const make = () => new WindowedAggregate(state, { windows, fold: counting(), emits: 'final' });
        let processor = make();
        const heard = new Heard<number>();
        for (const [index, { key, time }] of inputs.entries()) {
          if (index % restartEvery === 0) {
            state = state.restarted();
            processor = make();
          }
          processor.take(key, 'x', time, heard);
          while (processor.close(2, heard));
        }
        const { finals, late } = modelled(inputs, clocks, graceMs);
        expect(
          heard.results.map(({ key, window, value }) => {
            const { start, end } = window ?? { start: 0, end: 0 };
            return `${key} ${clocks.shown(start)} ${end} ${value}`;
          }),
        ).toEqual(finals);
        expect(heard.notTakens.length).toBe(late);
      },
    ),
    { numRuns: 200 },
  );
}, 60_000);
