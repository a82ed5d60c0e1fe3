import { whole } from '../base/option-kinds.js';
import { checkOptions, type Fields } from '../base/option-schema.js';

/** @category State @since 0.2.0 */
export interface UnlimitedWindows {
  readonly kind: 'unlimited';
  readonly startMs: number;
}

/** @category State @since 0.2.0 */
export interface UnlimitedOptions {
  /** Where the window begins, milliseconds since 1970, whole, from 0 up; records before it are in no window. Default 0. */
  readonly startMs?: number | undefined;
}

const unlimitedOptions: Fields<UnlimitedOptions> = { startMs: whole(0) };

/**
 * One window that never ends, and so has no final result: `[startMs, Infinity)`.
 *
 * @throws `CONFIGURATION` for options that cannot be
 * @category State @since 0.2.0
 */
export function unlimited(options: UnlimitedOptions = {}): UnlimitedWindows {
  checkOptions('unlimited', unlimitedOptions, options);
  return Object.freeze({ kind: 'unlimited', startMs: options.startMs ?? 0 });
}
