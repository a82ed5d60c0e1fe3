import { Buffer } from 'node:buffer';
import type { Codec } from '../../codecs/codec.js';
import { encodeFailure } from '../../codecs/failure.js';
import { ByteReader } from './byte-reader.js';

const high = 2 ** 32;

/** 8 bytes, big-endian. In two halves: a bigint would be made for each. @param value a safe integer */
export function int64Bytes(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  const upper = Math.floor(value / high);
  bytes.writeInt32BE(upper);
  bytes.writeUInt32BE(value - upper * high, 4);
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
