import { type Clock, within } from '../../base/clock.js';
import { errorKind } from '../../errors/errors.js';
import type { Logger } from '../../logging/logger.js';

/**
 * Awaits a part of an ending, bounded and whatever becomes of it: the first error is the one that counts.
 *
 * @param what for the log, where it fails or takes too long
 */
export async function bounded(
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  what: string,
  work: () => unknown,
  boundMs: number,
): Promise<void> {
  try {
    const end = await within(clock, Promise.resolve(work()), boundMs);
    if (end === 'late') logger.warn({ boundMs }, `given up: ${what}`);
  } catch (error) {
    logger.warn({ error: errorKind(error) }, `failed: ${what}`);
  }
}
