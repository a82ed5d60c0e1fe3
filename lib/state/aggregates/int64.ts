import { Buffer } from 'node:buffer';
import type { Codec } from '../../codecs/codec.js';
import { encodeFailure } from '../../codecs/failure.js';
import { ByteReader } from './byte-reader.js';

/** 8 bytes, big-endian. */
export function int64Bytes(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

/** A safe integer as Kafka's `LongSerializer` writes it: 8 bytes, big-endian. */
export function int64(name: string): Codec<number> {
  return {
    name,
    decode(bytes, at) {
      const reader = new ByteReader(name, bytes, at);
      const value = reader.int64();
      reader.end();
      return value;
    },
    encode(value) {
      if (!Number.isSafeInteger(value)) throw encodeFailure(name, 'it is no whole number below 2^53');
      return int64Bytes(value);
    },
  };
}
