import type { HoppingWindows } from './hopping.js';
import type { SessionWindows } from './session.js';
import type { SlidingWindows } from './sliding.js';
import type { TumblingWindows } from './tumbling.js';
import type { UnlimitedWindows } from './unlimited.js';

/**
 * A stretch of event time, milliseconds since 1970. Of tumbling, hopping, calendar and unlimited windows the end is the first moment behind it; of sliding
 * windows and sessions the last in it, as Kafka Streams has them.
 */
export interface TimeWindow {
  readonly start: number;
  /** Of unlimited windows Infinity. */
  readonly end: number;
}

/**
 * How event time is divided, as data: frozen, and all of it numbers.
 *
 * @category State @since 0.2.0
 */
export type Windows = GridWindows | SlidingWindows | SessionWindows;

/** Windows that are there before any record is: where they begin and end depends on no record. */
export type GridWindows = TumblingWindows | HoppingWindows | UnlimitedWindows;

/**
 * The stream time, in milliseconds since 1970, from which on a window takes no record any more and its result is final. Infinity: never.
 */
export function closesAt(windows: Windows, { end }: TimeWindow): number {
  switch (windows.kind) {
    case 'tumbling':
    case 'hopping':
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
