import type { KeyObject } from 'node:crypto';
import { keyKind } from '../../base/key-kind.js';
import { between, either, milliseconds, oneOf, required, shape, whole } from '../../base/option-kinds.js';
import type { Fields, Kind } from '../../base/option-schema.js';
import { topicNameKind } from '../../base/topic-name.js';

/** 32 bytes: as they are, as a secret key, or in an environment variable, in hexadecimal or base64. */
export type DeadLetterKey = Uint8Array | KeyObject | { readonly env: string };

/**
 * What a dead letter holds of the record itself.
 *
 * - `'redacted'` (the default): where the value is JSON, a copy of it with every run of 13 digits or more masked, in
 *   strings, numbers and names at every depth, and all that stands in fields that the topology masks; beside it the key as text,
 *   masked alike: nor does it show what stands in such a field of the value. Where the value is not JSON, or the two are too large, nothing: as `'none'`.
 * - `'none'`: nothing of key, value and headers; the record is found by its coordinates.
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

const payload: Kind = either(
  oneOf('redacted', 'none'),
  shape({ encrypt: required(shape({ key: required(keyKind) })) }),
);

const limit: Kind = either(
  oneOf('none'),
  shape({
    share: required(between(0, 1)),
    windowMs: milliseconds(1, { endless: true }),
    minimum: whole(0, { endless: true }),
  }),
  shape({ perMinute: required(whole(0, { endless: true })) }),
);

export const deadLetterOptions: Fields<DeadLetterOptions> = {
  topic: required(topicNameKind),
  payload,
  limit,
};
