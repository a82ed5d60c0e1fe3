import type { KeyObject } from 'node:crypto';
import { checkTopicName } from '../../flow/source/topic-pattern.js';
import { KafkaRxError } from '../errors.js';

/** 32 bytes: as they are, as a secret key, or in an environment variable, in hexadecimal or base64. */
export type DeadLetterKey = Uint8Array | KeyObject | { readonly env: string };

/**
 * What a dead letter holds of the record itself.
 *
 * - `'redacted'` (the default): where the value is JSON, a copy of it with every run of 13 digits or more masked, in
 *   strings, numbers and names at every depth; where it is not, nothing.
 * - `'none'`: nothing; the record is found by its coordinates.
 * - `{ encrypt: { key } }`: key, value and headers under AES-256-GCM, bound to the coordinates.
 */
export type DeadLetterPayload = 'redacted' | 'none' | { readonly encrypt: { readonly key: DeadLetterKey } };

/**
 * When the app fails instead of going on to write dead letters.
 *
 * - `share`: above this share (0 to 1) of the records of the last `windowMs`, once there are more than `minimum`.
 * - `perMinute`: above this many in a minute.
 * - `'none'`: never.
 */
export type DeadLetterLimit =
  | {
      readonly share: number;
      readonly windowMs?: number | undefined;
      readonly minimum?: number | undefined;
    }
  | { readonly perMinute: number }
  | 'none';

/** @category Dead letters @since 0.1.0 */
export interface DeadLetterOptions {
  /** Where they go; it must exist, and must not be compacted. */
  readonly topic: string;
  /** Default `'redacted'`. */
  readonly payload?: DeadLetterPayload | undefined;
  /** Default: a share of 0.1 of the last 60,000 ms, with more than 100 dead letters. */
  readonly limit?: DeadLetterLimit | undefined;
}

/** @throws `CONFIGURATION` for options that cannot be */
export function checkDeadLetters({ topic, payload = 'redacted', limit = 'none' }: DeadLetterOptions): void {
  checkTopicName(topic);
  if (payload !== 'redacted' && payload !== 'none' && payload.encrypt === undefined) {
    throw refused("payload must be 'redacted', 'none' or { encrypt: { key } }");
  }
  if (limit === 'none') return;
  if ('perMinute' in limit) {
    if (!(limit.perMinute >= 0)) throw refused(`limit.perMinute must not be negative: ${limit.perMinute}`);
    return;
  }
  const { share, windowMs = 1, minimum = 0 } = limit;
  if (!(share >= 0 && share <= 1)) throw refused(`limit.share must be from 0 to 1, not ${share}`);
  if (!(windowMs > 0)) throw refused(`limit.windowMs must be above 0, not ${windowMs}`);
  if (!(minimum >= 0)) throw refused(`limit.minimum must not be negative: ${minimum}`);
}

function refused(what: string): KafkaRxError {
  return new KafkaRxError('CONFIGURATION', `deadLetters: ${what}`, { remedy: 'Correct it in createApp' });
}
