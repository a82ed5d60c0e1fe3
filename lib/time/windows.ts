import type { CalendarWindows } from './calendar.js';
import type { HoppingWindows } from './hopping.js';
import type { SessionWindows } from './session.js';
import type { SlidingWindows } from './sliding.js';
import type { TimeWindow } from './time-window.js';
import type { TumblingWindows } from './tumbling.js';
import type { UnlimitedWindows } from './unlimited.js';

export type { TimeWindow };

/**
 * How event time is divided, as data, which is frozen.
 *
 * @category State @since 0.2.0
 */
export type Windows = GridWindows | SlidingWindows | SessionWindows;

/** Windows that are there before any record is: where they begin and end depends on no record. */
export type GridWindows = TumblingWindows | HoppingWindows | CalendarWindows | UnlimitedWindows;

/**
 * The stream time, in milliseconds since 1970, from which on a window takes no record any more and its result is final. Infinity: never.
 */
export function closesAt(windows: Windows, { end }: TimeWindow): number {
  switch (windows.kind) {
    case 'tumbling':
    case 'hopping':
    case 'calendar':
      return end + windows.graceMs;
    // The end is in the window.
    case 'sliding':
      return end + windows.graceMs + 1;
    case 'session':
      return end + windows.gapMs + windows.graceMs + 1;
    case 'unlimited':
      return Number.POSITIVE_INFINITY;
  }
}
