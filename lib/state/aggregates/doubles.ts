import { Buffer } from 'node:buffer';
import type { Codec } from '../../codecs/codec.js';
import { ByteReader } from './byte-reader.js';

/** Numbers by name, 8 bytes big-endian each, in the order of the names given. */
export function doubles<N extends string>(
  name: string,
  ...fields: readonly N[]
): Codec<Readonly<Record<N, number>>> {
  return {
    name,
    decode(bytes, at) {
      const reader = new ByteReader(name, bytes, at);
      const entries = fields.map(field => [field, reader.double()] as const);
      reader.end();
      // Every name is there: it was made of the list of them.
      return Object.fromEntries(entries) as Record<N, number>;
    },
    encode(value) {
      const bytes = Buffer.allocUnsafe(8 * fields.length);
      for (const [index, field] of fields.entries()) bytes.writeDoubleBE(value[field], 8 * index);
      return bytes;
    },
  };
}
