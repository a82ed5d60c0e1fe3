/** LZ4 in its frame format, which batches of magic 2 hold as it is (lz4_Frame_format.md). */
import { type Codec, checkSize } from './codec.js';

const contentSizeFlag = 0x08;
const blockChecksumFlag = 0x10;
const dictionaryFlag = 0x01;
const storedFlag = 0x8000_0000;
/** No sequence of LZ4 gives more bytes for each that it takes. */
const greatestRatio = 255;

/** Rejects where the package is not there. */
export async function loadLz4(): Promise<Codec> {
  const { compressFrame, decompressFrame } = await import('lz4-napi');
  return {
    compress: records => compressFrame(records),
    decompress: async (bytes, limit) => {
      checkSize(mostIn(bytes), limit);
      return decompressFrame(bytes);
    },
  };
}

/**
 * The most that a frame can hold, from the headers of its blocks: Kafka's clients leave its size out, and the library
 * takes no limit. It is too much by less than a block, of 4 MiB at most, where blocks are full as they are meant to be. A frame that is broken is left for the library to refuse.
 */
function mostIn(frame: Buffer): number {
  if (frame.length < 7) return 0;
  const flags = frame.readUInt8(4);
  const blockSize = 1 << (8 + 2 * ((frame.readUInt8(5) >> 4) & 0x07));
  const checksumBytes = (flags & blockChecksumFlag) === 0 ? 0 : 4;
  let at = 7;
  if ((flags & contentSizeFlag) !== 0) at += 8;
  if ((flags & dictionaryFlag) !== 0) at += 4;
  let most = 0;
  while (at + 4 <= frame.length) {
    const header = frame.readUInt32LE(at);
    if (header === 0) break;
    const stored = header >= storedFlag;
    const length = stored ? header - storedFlag : header;
    most += stored ? length : Math.min(blockSize, length * greatestRatio);
    at += 4 + length + checksumBytes;
  }
  return most;
}
