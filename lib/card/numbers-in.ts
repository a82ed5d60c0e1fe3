import { isBigInt64Array, isBigUint64Array, isFloat64Array } from 'node:util/types';
import { bytesIn } from './bytes-in.js';

/**
 * The items of an array that has numbers of 8 bytes, whatever its class says of them; none of any other: with fewer bytes they are
 * too small for a card's.
 */
export function numbersIn(value: object): Iterable<number | bigint> {
  const bytes = bytesIn(value);
  if (bytes === undefined) return [];
  const { buffer, byteOffset, byteLength } = bytes;
  if (isFloat64Array(value)) return new Float64Array(buffer, byteOffset, byteLength / 8);
  if (isBigInt64Array(value)) return new BigInt64Array(buffer, byteOffset, byteLength / 8);
  return isBigUint64Array(value) ? new BigUint64Array(buffer, byteOffset, byteLength / 8) : [];
}
