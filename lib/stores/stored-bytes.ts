import { isUint8Array } from 'node:util/types';
import { sayTrueLength, trueCopy } from '../base/true-bytes.js';
import type { Codec } from '../codecs/codec.js';
import { guardedEncode } from '../codecs/declared.js';
import { KafkaRxError } from '../errors/errors.js';
import { anotherLength } from '../record/outgoing.js';
import { kindOf } from './index-values.js';
import type { WriteGuard } from './port.js';

/**
 * How a store encodes its values, under a guard where there is one. Several documents are encoded before the first is written, so
 * the bytes are copied unless the codec is one of ours: another may write into one buffer again and again.
 *
 * @returns a function that throws `ENCODE` where a codec gives neither bytes nor null, or bytes that say another length than they have
 */
export function storedBytes<V>(
  codec: Codec<V>,
  guard: WriteGuard | undefined,
  where: string,
): (value: V) => Buffer | null {
  const encode = guard === undefined ? codec.encode.bind(codec) : guard.encoder(codec);
  const isOurs = guardedEncode(codec) !== undefined;
  return value => {
    const bytes: unknown = encode(value);
    if (bytes === null) return null;
    // A codec of ours gives Buffers of its own.
    if (isOurs && isUint8Array(bytes)) return bytes as Buffer;
    if (isUint8Array(bytes) && sayTrueLength(bytes)) return trueCopy(bytes);
    const what = isUint8Array(bytes) ? anotherLength : `${kindOf(bytes)}, not bytes or null`;
    throw new KafkaRxError('ENCODE', `The codec ${codec.name} of the ${where} gave ${what}`, {
      remedy: 'Have its encode return a Buffer or null, at once',
    });
  };
}
