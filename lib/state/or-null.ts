import { Buffer } from 'node:buffer';
import type { ValueFormat } from './value-format.js';

/**
 * Null is no bytes, and bytes that are all 0, or none, get one more of them: others stay as they are, so that whoever looks at the rows finds the JSON
 * that the codec has written.
 */
export function orNull<T>({ encode, decode }: ValueFormat<T>): ValueFormat<T | null> {
  return {
    encode(value) {
      if (value === null) return noBytes;
      const bytes = encode(value);
      return areZeros(bytes) ? Buffer.alloc(bytes.length + 1) : bytes;
    },
    decode(bytes) {
      if (bytes.length === 0) return null;
      return decode(areZeros(bytes) ? bytes.subarray(1) : bytes);
    },
  };
}

const noBytes = Buffer.alloc(0);

function areZeros(bytes: Buffer): boolean {
  return bytes.every(byte => byte === 0);
}
