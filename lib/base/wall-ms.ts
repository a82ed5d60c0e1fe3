import type { Clock } from './clock.js';

/** The time by the clock, in whole milliseconds since 1970, as a record's timestamp is: virtual clocks stand at fractions, too. */
export function wallMs(clock: Pick<Clock, 'now'>): number {
  return Math.trunc(clock.now());
}
