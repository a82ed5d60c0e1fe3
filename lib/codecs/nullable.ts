import { required } from '../base/option-kinds.js';
import { checkArgument } from '../base/option-schema.js';
import { KafkaRxError } from '../errors/errors.js';
import { type Codec, codecKind } from './codec.js';
import { declare, declaredShape, guardable, guardedEncode } from './declared.js';
import { decodeFailure } from './failure.js';

/**
 * Makes Kafka's null part of the type: a missing key, or a tombstone as value. Null bytes are `null` and back; all
 * else is the inner codec's. `null` stands for nothing else: were it a value of the inner codec too, the JSON text `null` that
 * comes in would go out as a tombstone, which on a compacted topic deletes the key.
 *
 * Throws `DECODE` where bytes that are there decode to null all the same.
 *
 * @throws `CONFIGURATION` for a `json` codec of which null is a value
 * @param codec what decodes and encodes everything but null
 * @category Codecs @since 0.1.0
 */
export function nullable<T>(codec: Codec<T>): Codec<T | null> {
  checkArgument('nullable', 'the codec', required(codecKind), codec);
  const name = `nullable(${codec.name})`;
  if (hasNull(codec)) {
    throw new KafkaRxError(
      'CONFIGURATION',
      `${name}: null is a value of its codec, and would be a tombstone`,
      {
        remedy:
          "Leave nullable out, or null out of the codec's type: the text null cannot be told from no value",
      },
    );
  }
  const nulls: Codec<T | null> = {
    name,
    decode(bytes, at) {
      if (bytes === null) return null;
      const value = codec.decode(bytes, at);
      if (value !== null) return value;
      throw decodeFailure(name, 'null', 'its bytes say null, which cannot be told from no value', at);
    },
    encode: value => (value === null ? null : codec.encode(value)),
    // Absent and not undefined where the inner codec has none: a source asks whether there is anything to await.
    ...(codec.prepare === undefined ? {} : { prepare: batch => codec.prepare?.(batch) ?? Promise.resolve() }),
  };
  declare(nulls, declaredShape(codec));
  const under = guardedEncode(codec);
  if (under === undefined) return nulls;
  return guardable(nulls, (fields, lent) => {
    const encode = under(fields, lent);
    return value => (value === null ? null : encode(value));
  });
}

/** Asked of codecs of ours alone: they refuse what is not of their type, and do nothing else. */
function hasNull<T>(codec: Codec<T>): boolean {
  if (guardedEncode(codec) === undefined) return false;
  try {
    // Not a T, perhaps: that is what is asked.
    return codec.encode(null as T) !== null;
  } catch {
    return false;
  }
}
