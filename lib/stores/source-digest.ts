import { createHash } from 'node:crypto';

/** A text as whole numbers that fit where a {@link DocumentSource} has some: 144 bits of its SHA-256. */
export interface SourceDigest {
  /** 0 to 2^31 - 1. */
  readonly partition: number;
  /** 0 to 2^53 - 1. */
  readonly offset: number;
  /** Two steps of 29 bits, as `.123.456`. */
  readonly ordinal: string;
}

export function sourceDigest(text: string): SourceDigest {
  const hash = createHash('sha256').update(text, 'utf16le').digest();
  return {
    partition: hash.readUInt32BE(0) >>> 1,
    offset: (hash.readUInt32BE(4) >>> 11) * 0x1_00_00_00_00 + hash.readUInt32BE(8),
    ordinal: `.${hash.readUInt32BE(12) >>> 3}.${hash.readUInt32BE(16) >>> 3}`,
  };
}
