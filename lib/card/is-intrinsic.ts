import { Buffer } from 'node:buffer';
import { isProxy } from 'node:util/types';
import { nativeName } from './native-name.js';

/** Whether a prototype is the language's own for one of these constructors, of any realm, or Node.js's `Buffer`. */
export function isIntrinsic(prototype: object, names: ReadonlySet<string>): boolean {
  const name = ours.get(prototype);
  if (name !== undefined) return names.has(name);
  if (isProxy(prototype)) return false;
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof maker === 'function' && names.has(nativeName(maker) ?? '') && maker.prototype === prototype;
}

/** Of this realm, and so of nearly all: of these nothing has to be asked. */
const ours = new Map<object, string>(
  [Object, Array, Map, Set, Date, RegExp, Error, String, Number, Boolean, BigInt, Uint8Array, Buffer].map(
    ({ prototype, name }) => [prototype, name],
  ),
);
