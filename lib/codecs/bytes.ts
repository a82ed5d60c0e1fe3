import { Buffer } from 'node:buffer';
import type { Codec } from './codec.js';
import { decodeFailure, encodeFailure } from './failure.js';

/**
 * The bytes as they are, not copied: a decoded buffer is a view of the fetched batch and keeps it in memory.
 *
 * Throws `DECODE` for null, `ENCODE` for what is no Buffer.
 *
 * @category Codecs @since 0.1.0
 */
export const bytes: Codec<Buffer> = {
  name: 'bytes',
  decode(bytes, at) {
    if (bytes === null)
      throw decodeFailure('bytes', 'null', 'it is null, which only nullable(codec) accepts', at);
    return bytes;
  },
  encode(value) {
    if (!Buffer.isBuffer(value)) throw encodeFailure('bytes', `it is of type ${typeof value} and no Buffer`);
    return value;
  },
};
