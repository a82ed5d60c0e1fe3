import { oneOf, required, text } from '../base/option-kinds.js';
import { checkArgument, checkOptions, type Fields } from '../base/option-schema.js';
import { KafkaRxError } from '../errors/errors.js';
import type { TimeWindow } from './time-window.js';
import { type ClosingOptions, closingOptions, retentionOf } from './window-options.js';

import { ZoneOffsets } from './zone-offsets.js';

export type CalendarUnit = 'hour' | 'day' | 'week' | 'month';

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;

export type Weekday = (typeof weekdays)[number];

/** @category State @since 0.1.0 */
export interface CalendarOptions extends ClosingOptions {
  /** The IANA zone whose clocks count: `Europe/Berlin`, `UTC`. */
  readonly zone: string;
  /** Of weeks alone. Default `'monday'`. */
  readonly weekStartsOn?: Weekday | undefined;
}

const calendarOptions: Fields<CalendarOptions> = {
  ...closingOptions,
  zone: required(text),
  weekStartsOn: oneOf(...weekdays),
};

/** Windows by the calendar, as data, and the window of each moment. */
export interface CalendarWindows {
  readonly kind: 'calendar';
  readonly unit: CalendarUnit;
  readonly zone: string;
  readonly graceMs: number;
  readonly retentionMs: number;
  /** 0 (Sunday) to 6; undefined where the unit is no week. */
  readonly weekStartsOn: number | undefined;
  /** No window is longer, in milliseconds: what they are kept for is counted from it. */
  readonly mostSizeMs: number;
  /** The window that a moment is in, milliseconds since 1970. @throws `PROCESS` for what is no whole number up to 8.64e15 */
  windowOf(time: number): TimeWindow;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const nominalDays = { day: 1, week: 7, month: 31 };
/** That a day is longer for, at most: clocks were set back by a whole one where the date line moved. */
const setBackMs = dayMs;

/**
 * Days, weeks, months or hours of a zone's local time, with daylight saving: a day may have 23 or 25 hours. Each moment is in one window, and where
 * one ends the next begins.
 *
 * A day begins when the clocks first show it: at 01:00 where they jump over midnight; a day that a zone has skipped has no window. An hour that comes
 * twice is two windows. The windows before and at 1970 begin at 0. All members should have the same time zone data (`process.versions.tz`): a change of the law
 * moves windows.
 *
 * @throws `CONFIGURATION` for a zone that this Node does not know, and for options that cannot be
 * @example
 * ```ts
 * const days = calendar('day', { zone: 'Europe/Berlin', graceMs: 3_600_000 });
 * ```
 * @category State @since 0.1.0
 */
export function calendar(unit: CalendarUnit, options: CalendarOptions): CalendarWindows {
  checkArgument('calendar', 'the unit', required(oneOf('hour', 'day', 'week', 'month')), unit);
  checkOptions('calendar', calendarOptions, options);
  const { zone, graceMs, weekStartsOn = 'monday' } = options;
  const weekday = unit === 'week' ? weekdays.indexOf(weekStartsOn) : undefined;
  const offsets = offsetsOf(zone);
  const find =
    unit === 'hour'
      ? (time: number) => hourOf(offsets, time)
      : (time: number) => periodOf(offsets, time, unit, weekday ?? 0);
  const mostSizeMs = unit === 'hour' ? hourMs : nominalDays[unit] * dayMs + setBackMs;
  return Object.freeze({
    kind: 'calendar',
    unit,
    zone,
    graceMs,
    retentionMs: retentionOf('calendar', mostSizeMs + graceMs, options),
    weekStartsOn: weekday,
    mostSizeMs,
    windowOf: remembering(find, unit === 'hour' ? hourMs : dayMs),
  });
}

function offsetsOf(zone: string): ZoneOffsets {
  try {
    return new ZoneOffsets(zone);
  } catch (cause) {
    throw new KafkaRxError('CONFIGURATION', 'calendar: the zone is none that this Node knows', {
      cause,
      remedy: "Give the name of an IANA zone, such as 'Europe/Berlin', or 'UTC'",
    });
  }
}

/** An hour of the clocks, as long as they run on: an offset that changes ends it. */
function hourOf(offsets: ZoneOffsets, time: number): TimeWindow {
  const offset = offsets.at(time);
  const start = Math.floor((time + offset) / hourMs) * hourMs - offset;
  const end = start + hourMs;
  return {
    start: clamped(offsets.changeBetween(start, time) ?? start, time),
    end: offsets.changeBetween(time, end - 1) ?? end,
  };
}

/** From when the clocks first show its first day to when they first show that of the next. */
function periodOf(
  offsets: ZoneOffsets,
  time: number,
  unit: 'day' | 'week' | 'month',
  weekday: number,
): TimeWindow {
  const first = firstDayOf(time + offsets.at(time), unit, weekday);
  const next = nextOf(first, unit);
  const end = offsets.reached(next);
  // Clocks that are set back over midnight show the day before again: it is over all the same.
  if (end <= time) return { start: clamped(end, time), end: offsets.reached(nextOf(next, unit)) };
  return { start: clamped(offsets.reached(first), time), end };
}

/** Keys of windows are sorted as bytes, in which there is nothing below 0. */
function clamped(start: number, time: number): number {
  return time >= 0 ? Math.max(0, start) : start;
}

/** Midnight of the first day, as what the clocks show counted from 1970. */
function firstDayOf(local: number, unit: 'day' | 'week' | 'month', weekday: number): number {
  const day = Math.floor(local / dayMs);
  if (unit === 'day') return day * dayMs;
  // 1970 began on a Thursday.
  if (unit === 'week') return (day - ((((day + 4 - weekday) % 7) + 7) % 7)) * dayMs;
  const date = new Date(local);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}

function nextOf(first: number, unit: 'day' | 'week' | 'month'): number {
  if (unit !== 'month') return first + nominalDays[unit] * dayMs;
  const date = new Date(first);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}

/** As many windows as are remembered, each where its time falls. */
const remembered = 256;

/** Asked for a time in a window that was found before, it costs a comparison: time moves on slowly, or goes back a little. */
function remembering(find: (time: number) => TimeWindow, slotMs: number): (time: number) => TimeWindow {
  let last: TimeWindow = { start: 0, end: 0 };
  const found: (TimeWindow | undefined)[] = new Array(remembered).fill(undefined);
  return time => {
    if (time >= last.start && time < last.end) return last;
    const slot = Math.abs(Math.floor(time / slotMs)) % remembered;
    const before = found[slot];
    last = before !== undefined && time >= before.start && time < before.end ? before : look(find, time);
    found[slot] = last;
    return last;
  };
}

function look(find: (time: number) => TimeWindow, time: number): TimeWindow {
  // Behind the last date that there is, there is no window's end.
  if (Number.isSafeInteger(time) && Math.abs(time) < 8.64e15 - 40 * dayMs) return Object.freeze(find(time));
  throw new KafkaRxError('PROCESS', 'a timestamp is in no window of the calendar', {
    remedy: 'Give whole milliseconds since 1970',
  });
}
