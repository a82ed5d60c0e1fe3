/** Zstandard: Node's own from 22.15 and 23.8 on, a package of WebAssembly before. */
import { Buffer } from 'node:buffer';
import * as zlib from 'node:zlib';
import { fieldOf } from '../../../errors/field-of.js';
import { type Codec, checkSize } from './codec.js';
import { nodeCodec, type ZlibFunction } from './node-codec.js';

/** Rejects where Node has none and the package is not there. */
export async function loadZstd(): Promise<Codec> {
  // The types are those of Node 20, which has neither.
  const { zstdCompress, zstdDecompress } = zlib as {
    zstdCompress?: ZlibFunction;
    zstdDecompress?: ZlibFunction;
  };
  if (zstdCompress !== undefined && zstdDecompress !== undefined)
    return nodeCodec(zstdCompress, zstdDecompress);
  return loadWasmZstd();
}

async function loadWasmZstd(): Promise<Codec> {
  const { init, compress, decompress } = await import('@bokuweb/zstd-wasm');
  await init();
  return {
    compress: async records => bufferOf(compress(records)),
    decompress: async (bytes, limit) => {
      const declared = declaredSize(bytes);
      checkSize(declared ?? 0, limit);
      try {
        // Room for what declares no size, as the JVM's batches do.
        return bufferOf(decompress(bytes, { defaultHeapSize: limit }));
      } catch (error) {
        if (declared === undefined && isOutOfRoom(error)) checkSize(Infinity, limit);
        throw error;
      }
    },
  };
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The package tells zstd's error by its number alone: 70 is `dstSize_tooSmall` (zstd_errors.h). */
function isOutOfRoom(error: unknown): boolean {
  const message = fieldOf(error, 'message');
  return typeof message === 'string' && message.endsWith('code -70');
}

const magic = 0xfd2fb528;

/**
 * The size of the content where the frame names it (RFC 8878, 3.1.1.1). What the package would make of another one is
 * room for any size, and a write to address 0 where there is no such room.
 */
function declaredSize(frame: Buffer): number | undefined {
  if (frame.readUInt32LE(0) !== magic) throw new Error('no frame of zstd');
  const descriptor = frame.readUInt8(4);
  const single = (descriptor & 0x20) !== 0;
  const at = 5 + (single ? 0 : 1) + ([0, 1, 2, 4][descriptor & 0x03] ?? 0);
  const width = descriptor >> 6;
  if (width === 0) return single ? frame.readUInt8(at) : undefined;
  if (width === 1) return frame.readUInt16LE(at) + 256;
  return width === 2 ? frame.readUInt32LE(at) : Number(frame.readBigUInt64LE(at));
}
