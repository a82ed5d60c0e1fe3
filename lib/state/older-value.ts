import type { Buffer } from 'node:buffer';
import type { Codec } from '../codecs/codec.js';

/** What an older version of a state's values has written. @category State @since 0.2.0 */
export interface OlderValue {
  /** From 1 on, below that of the state. */
  readonly version: number;
  readonly bytes: Buffer;
  /** What a codec of that version reads. @throws as the codec does */
  read<T>(codec: Codec<T>): T;
}
