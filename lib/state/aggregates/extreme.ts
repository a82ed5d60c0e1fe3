import { Buffer } from 'node:buffer';
import { call, either, required, shape } from '../../base/option-kinds.js';
import { checkArgument } from '../../base/option-schema.js';
import { type Codec, codecKind } from '../../codecs/codec.js';
import type { LastingAggregate } from './aggregate.js';
import { ByteReader } from './byte-reader.js';
import { finite } from './finite.js';
import type { Kept } from './kept.js';
import { oneOfMany } from './one-of-many.js';

/** What the least or greatest of whole values is found by. */
export type ExtremeOptions<V> =
  | {
      /** The number that they are compared by; a pure function. */
      readonly by: (value: V) => number;
      readonly codec: Codec<V>;
    }
  | {
      /** Below 0: `a` is less; 0: they are equal. A pure function, and a total order. */
      readonly compare: (a: V, b: V) => number;
      readonly codec: Codec<V>;
    };

const given = either(
  call,
  shape({ by: required(call), codec: required(codecKind) }),
  shape({ compare: required(call), codec: required(codecKind) }),
);

export type NumberOrOptions<V> = ((value: V) => number) | ExtremeOptions<V>;

/** @param sign 1: the greatest; -1: the least */
export function extreme<V>(
  name: 'min' | 'max',
  sign: 1 | -1,
  of: NumberOrOptions<V>,
): LastingAggregate<V, number> | LastingAggregate<V, readonly Kept[], V> {
  checkArgument(name, 'what it takes', required(given), of);
  if (typeof of === 'function') return extremeNumber(name, sign, of);
  if ('by' in of) {
    const { by, codec } = of;
    return oneOfMany<V, number>(name, codec, {
      measure: value => finite(name, by(value)),
      beats: (later, kept) => goesBefore(sign * (later.measure - kept.measure), later, kept),
    });
  }
  const { compare, codec } = of;
  return oneOfMany<V, V>(name, codec, {
    measure: value => value,
    beats: (later, kept) => goesBefore(sign * compare(later.measure, kept.measure), later, kept),
  });
}

/** Of equals the earliest is kept, so that a replay in another order of inputs gives the same. */
function goesBefore(
  more: number,
  later: { readonly timestamp: number },
  kept: { readonly timestamp: number },
): boolean {
  return more > 0 || (more === 0 && later.timestamp < kept.timestamp);
}

function extremeNumber<V>(
  name: 'min' | 'max',
  sign: 1 | -1,
  of: (value: V) => number,
): LastingAggregate<V, number> {
  const either = sign === 1 ? Math.max : Math.min;
  return {
    initial: () => -sign * Number.POSITIVE_INFINITY,
    add: (before, value) => either(before, finite(name, of(value))),
    merge: either,
    codec: {
      name,
      decode(bytes, at) {
        const reader = new ByteReader(name, bytes, at);
        const value = reader.double();
        reader.end();
        return value;
      },
      encode(value) {
        const bytes = Buffer.allocUnsafe(8);
        bytes.writeDoubleBE(value);
        return bytes;
      },
    },
  };
}
