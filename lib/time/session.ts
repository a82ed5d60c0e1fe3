import { checkArgument, checkOptions, type Fields } from '../base/option-schema.js';
import { type ClosingOptions, closingOptions, lengthFromZero, retentionOf } from './window-options.js';

/** @category State @since 0.2.0 */
export interface SessionWindows {
  readonly kind: 'session';
  readonly gapMs: number;
  readonly graceMs: number;
  readonly retentionMs: number;
}

/** @category State @since 0.2.0 */
export interface SessionOptions extends ClosingOptions {
  /**
   * For how long in stream time a session's row can be asked for, milliseconds, whole, from its end on. Default, and the least that can be:
   * the gap and the grace.
   */
  readonly retentionMs?: number | undefined;
}

const sessionOptions: Fields<SessionOptions> = closingOptions;

/**
 * Stretches of a key's activity, `[first record, last record]`, that end with a silence longer than the gap. A record that is exactly
 * the gap away from a session is part of it, and one between two sessions makes them one.
 *
 * ```ts
 * session(1_800_000, { graceMs: 60_000 })
 * ```
 *
 * @param gapMs milliseconds, whole, from 0 up
 * @throws `CONFIGURATION` for a gap or options that cannot be
 * @category State @since 0.2.0
 */
export function session(gapMs: number, options: SessionOptions): SessionWindows {
  checkArgument('session', 'gapMs', lengthFromZero, gapMs);
  checkOptions('session', sessionOptions, options);
  const { graceMs } = options;
  const retentionMs = retentionOf('session', gapMs + graceMs, options);
  return Object.freeze({ kind: 'session', gapMs, graceMs, retentionMs });
}
