import { checkArgument, checkOptions, type Fields } from '../base/option-schema.js';
import { type ClosingOptions, closingOptions, lengthFromZero, retentionOf } from './window-options.js';

/** @category State @since 0.2.0 */
export interface SlidingWindows {
  readonly kind: 'sliding';
  readonly differenceMs: number;
  readonly graceMs: number;
  readonly retentionMs: number;
}

/** @category State @since 0.2.0 */
export interface SlidingOptions extends ClosingOptions {
  /**
   * For how long in stream time the rows of windows are kept, milliseconds, whole, from their start on. Default, and the least that can be:
   * twice the difference, and the grace, as in Kafka Streams. Records in order each count in all of their windows in final results; in updates with 1 ms more: by default one that
   * comes a whole difference behind the one before it may not be counted with that, where another key is further on.
   */
  readonly retentionMs?: number | undefined;
}

const slidingOptions: Fields<SlidingOptions> = closingOptions;

/**
 * One window for each set of records of a key that are at most so far apart: `[start, start + differenceMs]`, both ends in it. Windows
 * begin and end where records are, and so there are none without a record, and each record is in several.
 *
 * ```ts
 * sliding(600_000, { graceMs: 10_000 }) // failed logins within any ten minutes
 * ```
 *
 * @param differenceMs between the first and the last record of a window, milliseconds, whole, from 0 up
 * @throws `CONFIGURATION` for a difference or options that cannot be
 * @category State @since 0.2.0
 */
export function sliding(differenceMs: number, options: SlidingOptions): SlidingWindows {
  checkArgument('sliding', 'differenceMs', lengthFromZero, differenceMs);
  checkOptions('sliding', slidingOptions, options);
  const { graceMs } = options;
  const retentionMs = retentionOf('sliding', 2 * differenceMs + graceMs, options);
  return Object.freeze({ kind: 'sliding', differenceMs, graceMs, retentionMs });
}
