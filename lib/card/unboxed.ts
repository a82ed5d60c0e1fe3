import { isBigIntObject, isNumberObject, isStringObject } from 'node:util/types';

/** The text or number in an object that boxes one, whatever a `valueOf` of its own says; undefined for any other. */
export function unboxed(value: object): string | number | bigint | undefined {
  if (isStringObject(value)) return String.prototype.valueOf.call(value);
  if (isNumberObject(value)) return Number.prototype.valueOf.call(value);
  // Typed as an object, of which the method asks no more than that it is one of a bigint.
  return isBigIntObject(value) ? (BigInt.prototype.valueOf.call(value) as bigint) : undefined;
}
