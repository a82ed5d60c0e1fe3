import { whole } from '../base/option-kinds.js';
import { checkArgument, checkOptions, type Fields } from '../base/option-schema.js';
import { KafkaRxError } from '../errors/errors.js';
import { type ClosingOptions, closingOptions, length, retentionOf } from './window-options.js';

/** @category State @since 0.2.0 */
export interface HoppingWindows {
  readonly kind: 'hopping';
  readonly sizeMs: number;
  readonly advanceMs: number;
  readonly graceMs: number;
  readonly retentionMs: number;
}

/** @category State @since 0.2.0 */
export interface HoppingOptions extends ClosingOptions {
  /** From the start of one window to the next, milliseconds, whole, from 1 up to the size. */
  readonly advanceMs: number;
  /**
   * How many windows a record may be in, whole, from 1 up; Infinity: any number. Default 1,000. Each is a row that is read and written for
   * each record: a day that advances by a minute is 1,440.
   */
  readonly maxWindows?: number | undefined;
}

const hoppingOptions: Fields<HoppingOptions> = {
  ...closingOptions,
  advanceMs: length,
  maxWindows: whole(1, { endless: true }),
};

/**
 * Windows of one size that begin at each multiple of a step, and so overlap: a record is in all that it falls into, `[start, start + sizeMs)`,
 * `sizeMs / advanceMs` of them, fewer near 1970.
 *
 * ```ts
 * hopping(3_600_000, { advanceMs: 300_000, graceMs: 10_000 })
 * ```
 *
 * @param sizeMs milliseconds, whole, from 1 up
 * @throws `CONFIGURATION` for a size or options that cannot be, and for more than `maxWindows` windows a record
 * @category State @since 0.2.0
 */
export function hopping(sizeMs: number, options: HoppingOptions): HoppingWindows {
  checkArgument('hopping', 'sizeMs', length, sizeMs);
  checkOptions('hopping', hoppingOptions, options);
  const { advanceMs, graceMs, maxWindows = 1_000 } = options;
  if (advanceMs > sizeMs) {
    throw new KafkaRxError(
      'CONFIGURATION',
      `hopping: advanceMs must be at most sizeMs, which is ${sizeMs}, and is ${advanceMs}: records between two windows would be in none`,
      { remedy: 'Advance by the size or less' },
    );
  }
  const count = Math.ceil(sizeMs / advanceMs);
  if (count > maxWindows) {
    throw new KafkaRxError(
      'CONFIGURATION',
      `hopping: each record would be in ${count} windows, and maxWindows is ${maxWindows}`,
      { remedy: `Advance by ${Math.ceil(sizeMs / maxWindows)} ms or more, or raise maxWindows` },
    );
  }
  const retentionMs = retentionOf('hopping', sizeMs + graceMs, options);
  return Object.freeze({ kind: 'hopping', sizeMs, advanceMs, graceMs, retentionMs });
}
