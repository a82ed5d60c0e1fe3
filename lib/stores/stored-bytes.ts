import { Buffer } from 'node:buffer';
import type { Codec } from '../codecs/codec.js';
import { guardedEncode } from '../codecs/declared.js';
import { KafkaRxError } from '../errors/errors.js';
import { kindOf } from './index-values.js';
import type { WriteGuard } from './port.js';

/**
 * How a store encodes its values, under a guard where there is one. Several documents are encoded before the first is written, so
 * the bytes are copied unless the codec is one of ours: another may write into one buffer again and again.
 *
 * @returns a function that throws `ENCODE` where a codec gives neither bytes nor null
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
    if (bytes instanceof Uint8Array) {
      // A codec of ours gives Buffers of its own.
      return isOurs ? (bytes as Buffer) : Buffer.from(bytes);
    }
    throw new KafkaRxError(
      'ENCODE',
      `The codec ${codec.name} of the ${where} gave ${kindOf(bytes)}, not bytes or null`,
      {
        remedy: 'Have its encode return a Buffer or null, at once',
      },
    );
  };
}
