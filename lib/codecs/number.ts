import { Buffer } from 'node:buffer';
import type { Codec } from './codec.js';
import { decodeFailure, encodeFailure } from './failure.js';
import { utf8 } from './utf8.js';

/** JSON's grammar of numbers; `Number` alone takes '', ' 1', '0x10' and 'Infinity' as well. */
const decimal = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/**
 * A finite number as decimal text in UTF-8, in JSON's grammar: `12`, `-0.5`, `1e+21`. Readable in every tool and
 * without the question of width and byte order that Kafka's binary `LongSerializer` and `DoubleSerializer` bring; it
 * does not read those.
 *
 * Throws `DECODE` for null, for text that is no number and for one beyond a double's range; `ENCODE` for NaN and the
 * infinities. An integer beyond 2^53 is rounded on decode, as JSON's is: use {@link string} for such ids.
 *
 * @category Codecs @since 0.1.0
 */
export const number: Codec<number> = {
  name: 'number',
  decode(bytes, at) {
    const text = utf8('number', bytes, at);
    if (!decimal.test(text)) throw decodeFailure('number', 'number', 'the text is not a decimal number', at);
    const value = Number(text);
    if (!Number.isFinite(value))
      throw decodeFailure('number', 'number', 'the number is beyond the range of a double', at);
    return value;
  },
  encode(value) {
    if (!Number.isFinite(value)) throw encodeFailure('number', 'it is not a finite number');
    return Buffer.from(Object.is(value, -0) ? '-0' : String(value));
  },
};
