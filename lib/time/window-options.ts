import { required, whole } from '../base/option-kinds.js';
import { KafkaRxError } from '../errors/errors.js';

/** What windows that close are told. */
export interface ClosingOptions {
  /**
   * For how long in stream time a window still takes records after its end, milliseconds, whole, from 0 up. What comes later than that is
   * late. There is no default: 0 drops whatever is not in order, and a day keeps every final result back for a day.
   */
  readonly graceMs: number;
  /**
   * For how long in stream time a window's row can be asked for, milliseconds, whole, from its start on. Default, and the least
   * that can be: until it is closed.
   */
  readonly retentionMs?: number | undefined;
}

/** Of lengths in milliseconds. A length of 0 holds a moment. */
export const length = required(whole(1));
export const lengthFromZero = required(whole(0));

export const closingOptions = { graceMs: required(whole(0)), retentionMs: whole(0) };

/**
 * @param least until a window is closed, from its start on
 * @throws `CONFIGURATION` for rows that would be gone before their window is closed
 */
export function retentionOf(where: string, least: number, { retentionMs = least }: ClosingOptions): number {
  if (retentionMs >= least) return retentionMs;
  throw new KafkaRxError(
    'CONFIGURATION',
    `${where}: retentionMs must be at least ${least}, until a window is closed, and is ${retentionMs}`,
    { remedy: `Correct it, or leave it out for ${least}` },
  );
}
