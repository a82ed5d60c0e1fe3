import {
  isAnyArrayBuffer,
  isArrayBufferView,
  isBoxedPrimitive,
  isDate,
  isMap,
  isProxy,
  isSet,
  isSymbolObject,
} from 'node:util/types';
import { bufferKinds } from './buffer-kinds.js';
import { isIntrinsic } from './is-intrinsic.js';
import { writesItself } from './writes-itself.js';

/**
 * Whether all that a value holds is in what anybody can read of it: a plain object or array, of any realm, a Map, a Set, a Date, a
 * boxed primitive, bytes. Not an instance of any other class, which may hold more than its fields, nor what has a `toJSON`.
 */
export function isPlainKind(value: object): boolean {
  if (isProxy(value) || writesItself(value)) return false;
  const kinds = kindsOf(value);
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null ? kinds === objects : isIntrinsic(prototype, kinds);
}

const objects: ReadonlySet<string> = new Set(['Object']);
const arrays: ReadonlySet<string> = new Set(['Array']);
const maps: ReadonlySet<string> = new Set(['Map']);
const sets: ReadonlySet<string> = new Set(['Set']);
const dates: ReadonlySet<string> = new Set(['Date']);
const boxes: ReadonlySet<string> = new Set(['String', 'Number', 'Boolean', 'BigInt']);

function kindsOf(value: object): ReadonlySet<string> {
  if (Array.isArray(value)) return arrays;
  if (isArrayBufferView(value) || isAnyArrayBuffer(value)) return bufferKinds;
  if (isMap(value)) return maps;
  if (isSet(value)) return sets;
  if (isDate(value)) return dates;
  return isBoxedPrimitive(value) && !isSymbolObject(value) ? boxes : objects;
}
