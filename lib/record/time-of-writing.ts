import type { Clock } from '../base/clock.js';
import { wallMs } from '../base/wall-ms.js';

/**
 * A record's timestamp as every sink writes it: its own, or the time of writing where no producer has set one (-1), as a
 * producer of today would.
 */
export function timeOfWriting(timestamp: number, clock: Pick<Clock, 'now'>): number {
  return timestamp >= 0 ? timestamp : wallMs(clock);
}
