import { fewestDigits } from '../card/issuers.js';
import type { ProtectedField } from '../card/protected-field.js';

/** The length of a usual key: up to it a loop costs less than a search. */
const longest = 64;
const backslash = 0x5c;
const [zero, nine] = [0x30, 0x39];

/**
 * Whether nothing of a field that is found by its name, and no card number, can stand in the bytes: they are few, all ASCII, without an
 * escape, without the name of a field and with fewer digits than a number has. A loop, since nearly all keys are so.
 *
 * @param length theirs
 */
export function isPlain(bytes: Uint8Array, length: number, fields: readonly ProtectedField[]): boolean {
  if (length > longest) return false;
  let digits = 0;
  for (let i = 0; i < length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === backslash || byte === 0 || byte > 0x7f) return false;
    if (byte >= zero && byte <= nine) digits++;
  }
  if (digits >= fewestDigits) return false;
  for (const { name, plain, masksOf } of fields) {
    if (masksOf !== undefined || name === undefined || !plain || stands(bytes, length, name)) return false;
  }
  return true;
}

function stands(bytes: Uint8Array, length: number, name: string): boolean {
  const first = name.charCodeAt(0);
  const last = length - name.length;
  for (let at = 0; at <= last; at++) {
    if (bytes[at] !== first) continue;
    let i = 1;
    while (i < name.length && bytes[at + i] === name.charCodeAt(i)) i++;
    if (i === name.length) return true;
  }
  return false;
}
