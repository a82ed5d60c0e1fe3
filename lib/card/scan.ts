import { Buffer } from 'node:buffer';
import { bytesIn } from './bytes-in.js';
import { searchCardNumbers } from './search.js';

/**
 * Whether bytes, read as UTF-8, hold a card number: exactly what `redact` would mask in their text. One pass, linear in
 * the input; bytes that are not UTF-8 count as separators.
 */
export function containsCardNumber(bytes: Uint8Array): boolean {
  const { buffer, byteOffset, byteLength } = bytesIn(bytes);
  return searchCardNumbers(Buffer.from(buffer, byteOffset, byteLength).toString('utf8'), false);
}
