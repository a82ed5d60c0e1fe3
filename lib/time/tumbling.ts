import { checkArgument, checkOptions, type Fields } from '../base/option-schema.js';
import { type ClosingOptions, closingOptions, length, retentionOf } from './window-options.js';

/** @category State @since 0.2.0 */
export interface TumblingWindows {
  readonly kind: 'tumbling';
  readonly sizeMs: number;
  readonly graceMs: number;
  readonly retentionMs: number;
}

/** @category State @since 0.2.0 */
export interface TumblingOptions extends ClosingOptions {}

const tumblingOptions: Fields<TumblingOptions> = closingOptions;

/**
 * Windows of one size, one behind the other, from 1970 on: each record is in exactly one, `[start, start + sizeMs)`.
 *
 * ```ts
 * tumbling(60_000, { graceMs: 10_000 })
 * ```
 *
 * @param sizeMs milliseconds, whole, from 1 up
 * @throws `CONFIGURATION` for a size or options that cannot be
 * @category State @since 0.2.0
 */
export function tumbling(sizeMs: number, options: TumblingOptions): TumblingWindows {
  checkArgument('tumbling', 'sizeMs', length, sizeMs);
  checkOptions('tumbling', tumblingOptions, options);
  const { graceMs } = options;
  const retentionMs = retentionOf('tumbling', sizeMs + graceMs, options);
  return Object.freeze({ kind: 'tumbling', sizeMs, graceMs, retentionMs });
}
