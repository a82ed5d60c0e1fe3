/**
 * Snappy as Kafka's clients write it: the JVM's in the frame of snappy-java's SnappyOutputStream (16 bytes of header,
 * then blocks with their lengths in front), others as one raw block. Both are read; the frame is written.
 */
import { Buffer } from 'node:buffer';
import { type Codec, checkSize } from './codec.js';

/** The magic of the frame, its version and the oldest version that can read it; all JVM writers use 1 and 1. */
const frameHeader = Buffer.from('82534e4150505900' + '00000001' + '00000001', 'hex');
const magicBytes = 8;

/** Rejects where the package is not there. */
export async function loadSnappy(): Promise<Codec> {
  const { compress, uncompress } = await import('snappy');
  return {
    compress: async records => {
      const block = await compress(records);
      const length = Buffer.allocUnsafe(4);
      length.writeInt32BE(block.length);
      return Buffer.concat([frameHeader, length, block]);
    },
    decompress: async (bytes, limit) => {
      const blocks = blocksOf(bytes);
      let size = 0;
      for (const block of blocks) size += sizeOf(block);
      checkSize(size, limit);
      // Without `asBuffer: false` every block comes as a Buffer.
      const plain = (await Promise.all(blocks.map(block => uncompress(block)))) as Buffer[];
      return plain.length === 1 && plain[0] !== undefined ? plain[0] : Buffer.concat(plain, size);
    },
  };
}

function blocksOf(bytes: Buffer): Buffer[] {
  if (!bytes.subarray(0, magicBytes).equals(frameHeader.subarray(0, magicBytes))) return [bytes];
  const blocks: Buffer[] = [];
  for (let at = frameHeader.length; at < bytes.length; ) {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0 || at + length > bytes.length) throw new Error('a block ends too early');
    blocks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return blocks;
}

/** A raw block begins with the size of what it holds, as a varint (snappy's format_description.txt). */
function sizeOf(block: Buffer): number {
  let size = 0;
  let scale = 1;
  for (const byte of block.subarray(0, 5)) {
    size += (byte & 0x7f) * scale;
    if (byte < 0x80) return size;
    scale *= 128;
  }
  throw new Error('a block has no size');
}
