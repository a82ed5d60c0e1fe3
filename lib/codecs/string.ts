import { Buffer } from 'node:buffer';
import type { Codec } from './codec.js';
import { encodeFailure } from './failure.js';
import { utf8 } from './utf8.js';

const unpairedSurrogate = /\p{Surrogate}/u;

/**
 * UTF-8 text, as Kafka's `StringSerializer` writes it. Empty bytes are the empty string.
 *
 * Throws `DECODE` for null and for bytes that are not UTF-8; `ENCODE` for what is no string and for an unpaired
 * surrogate, which has no UTF-8 form.
 *
 * @category Codecs @since 0.1.0
 */
export const string: Codec<string> = {
  name: 'string',
  decode: (bytes, at) => utf8('string', bytes, at),
  encode(value) {
    if (typeof value !== 'string') throw encodeFailure('string', `it is of type ${typeof value}`);
    const bytes = Buffer.from(value);
    // Only text beyond ASCII takes more bytes than it has characters, and only such text can hold a surrogate.
    if (bytes.length !== value.length && unpairedSurrogate.test(value)) {
      throw encodeFailure('string', 'it holds an unpaired surrogate, which UTF-8 cannot express');
    }
    return bytes;
  },
};
