import type { Buffer } from 'node:buffer';
import type { ProtectedField } from '../../card/protected-field.js';
import type { Codec } from '../../codecs/codec.js';
import { guardedEncode } from '../../codecs/declared.js';
import { lookAtBytes, lookAtValue } from '../../codecs/guarded-json.js';

/** Encodes a part of an aggregate as its codec does, whoever wrote that, and throws for what must not be written. The bytes are not lent. */
export function guarded<T>(codec: Codec<T>, fields: readonly ProtectedField[]): (value: T) => Buffer | null {
  if (fields.length === 0) return value => codec.encode(value);
  const under = guardedEncode(codec)?.(fields, false);
  if (under !== undefined) return under;
  return value => {
    lookAtValue(value, fields, 'value');
    const bytes = codec.encode(value);
    if (bytes !== null) lookAtBytes(bytes, fields);
    return bytes;
  };
}
