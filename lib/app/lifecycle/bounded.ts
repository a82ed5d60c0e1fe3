import { type Clock, within } from '../../base/clock.js';
import { errorKind } from '../../errors/errors.js';
import type { Logger } from '../../logging/logger.js';

/** Awaits a part of an ending, bounded and whatever becomes of it: the first error is the one that counts. */
export async function bounded(
  clock: Clock,
  logger: Logger,
  work: Promise<unknown> | undefined,
  boundMs: number,
): Promise<void> {
  if (work === undefined) return;
  try {
    await within(clock, work, boundMs);
  } catch (error) {
    logger.warn({ error: errorKind(error) }, 'closing failed');
  }
}
