import { Buffer } from 'node:buffer';

/**
 * What bytes have, whatever their class or a property of theirs says of it: by a `length` of its own a copy would bring memory along that
 * is not theirs, or lose some of them. These ask the language.
 */

const getLength = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'length')?.get;

/** As fast as `bytes.length`: called so, it becomes a part of what calls it. The cast holds: this is what `length` gives. */
export const trueLength = Function.prototype.call.bind(getLength ?? noGetter) as (
  bytes: Uint8Array,
) => number;

/** Whether they say the length that they have. */
export function sayTrueLength(bytes: Uint8Array): boolean {
  return bytes.length === trueLength(bytes);
}

/** In memory of its own. */
export function trueCopy(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafe(trueLength(bytes));
  copy.set(bytes);
  return copy;
}

function noGetter(): never {
  throw new TypeError('typed arrays have no length');
}
