import { required } from '../base/option-kinds.js';
import { checkArgument } from '../base/option-schema.js';
import { type Codec, codecKind } from './codec.js';
import { declare, declaredShape, guardable, guardedEncode } from './declared.js';

/**
 * Makes Kafka's null part of the type: a missing key, or a tombstone as value. Null bytes are `null` and back; all
 * else is the inner codec's.
 *
 * @param codec what decodes and encodes everything but null
 * @category Codecs @since 0.1.0
 */
export function nullable<T>(codec: Codec<T>): Codec<T | null> {
  checkArgument('nullable', 'the codec', required(codecKind), codec);
  const nulls: Codec<T | null> = {
    name: `nullable(${codec.name})`,
    decode: (bytes, at) => (bytes === null ? null : codec.decode(bytes, at)),
    encode: value => (value === null ? null : codec.encode(value)),
    // Absent and not undefined where the inner codec has none: a source asks whether there is anything to await.
    ...(codec.prepare === undefined ? {} : { prepare: batch => codec.prepare?.(batch) ?? Promise.resolve() }),
  };
  declare(nulls, declaredShape(codec));
  const under = guardedEncode(codec);
  if (under === undefined) return nulls;
  return guardable(nulls, fields => {
    const encode = under(fields);
    return value => (value === null ? null : encode(value));
  });
}
