import { Buffer } from 'node:buffer';

/** @internal The text of bytes of which every other one, at the beginning, is 0, or that say so themselves. */
export function utf16In(bytes: Buffer): string | undefined {
  const [first, second, third, fourth] = bytes;
  if (bytes.length < 4) return undefined;
  if ((second === 0 && fourth === 0) || (first === 0xff && second === 0xfe)) return bytes.toString('utf16le');
  if ((first === 0 && third === 0) || (first === 0xfe && second === 0xff)) {
    return Buffer.from(bytes.subarray(0, bytes.length & ~1))
      .swap16()
      .toString('utf16le');
  }
  return undefined;
}
