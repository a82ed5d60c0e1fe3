import { fieldOf } from '../../../errors/field-of.js';
import { type Codec, checkSize } from './codec.js';

/** A one-shot function of node:zlib, which works on a thread of its own. */
export type ZlibFunction = (
  bytes: Buffer,
  options: { readonly maxOutputLength?: number },
  done: (error: Error | null, result: Buffer) => void,
) => void;

/** A codec of node:zlib's. */
export function nodeCodec(compress: ZlibFunction, decompress: ZlibFunction): Codec {
  return {
    compress: records => run(compress, records, {}),
    decompress: async (bytes, limit) => {
      try {
        return await run(decompress, bytes, { maxOutputLength: limit });
      } catch (error) {
        if (fieldOf(error, 'code') === 'ERR_BUFFER_TOO_LARGE') checkSize(Infinity, limit);
        throw error;
      }
    },
  };
}

function run(work: ZlibFunction, bytes: Buffer, options: { maxOutputLength?: number }): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    work(bytes, options, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}
