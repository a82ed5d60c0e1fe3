import { Buffer } from 'node:buffer';
import {
  isBoxedPrimitive,
  isGeneratorObject,
  isMapIterator,
  isProxy,
  isSetIterator,
  isTypedArray,
} from 'node:util/types';
import { bytesIn } from './bytes-in.js';
import { containsCardNumber } from './scan.js';

/**
 * What a document holds, looked through for card numbers as deep as it goes: strings, numbers and bigints, names of fields
 * and of symbols, keys and values of Maps, members of Sets, bytes of any sort of buffer as UTF-8, dates and errors as their
 * text. Own fields are looked at, hidden ones among them, and what the document's JSON says besides (`toJSON`).
 *
 * @returns `'unsearchable'` for what may hold more than it shows: a Proxy, an accessor, a promise or a function among the
 *   fields, a WeakMap, a circle
 */
export function scanDocument(document: unknown): 'clear' | 'card' | 'unsearchable' {
  const written = jsonOf(document);
  if (written === undefined) return 'unsearchable';
  if (containsCardNumber(Buffer.from(written))) return 'card';
  const pending: unknown[] = [document];
  const seen = new Set<object>();
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') {
      if (containsCardNumber(Buffer.from(String(value)))) return 'card';
      continue;
    }
    if (typeof value === 'symbol') {
      pending.push(value.description);
      continue;
    }
    if (typeof value === 'function') return 'unsearchable';
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (isProxy(value) || value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet) {
      return 'unsearchable';
    }
    if (isMapIterator(value) || isSetIterator(value) || isGeneratorObject(value)) return 'unsearchable';
    if (isBoxedPrimitive(value)) pending.push(value.valueOf());
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
      const bytes = bytesIn(value);
      if (bytes !== undefined && containsCardNumber(bytes)) return 'card';
      if (isTypedArray(value) && value.BYTES_PER_ELEMENT === 8) pending.push(...value);
      continue;
    }
    if (value instanceof Map) for (const [key, inner] of value) pending.push(key, inner);
    if (value instanceof Set) pending.push(...value);
    if (value instanceof RegExp) pending.push(value.source);
    if (!pushFields(value, pending)) return 'unsearchable';
  }
  return 'clear';
}

/** Its own fields, and those that its class computes: of these nobody knows what they answer next. */
function pushFields(value: object, pending: unknown[]): boolean {
  for (const key of Reflect.ownKeys(value)) {
    const field = Object.getOwnPropertyDescriptor(value, key);
    if (field === undefined || !('value' in field)) return false;
    pending.push(key, field.value);
  }
  let prototype = Object.getPrototypeOf(value) as object | null;
  while (prototype !== null && !builtIns.has(prototype)) {
    if (isProxy(prototype)) return false;
    for (const field of Object.values(Object.getOwnPropertyDescriptors(prototype))) {
      if (!('value' in field)) return false;
      // Methods, the constructor among them, are no data.
      if (typeof field.value !== 'function') pending.push(field.value);
    }
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
  return true;
}

const builtIns: ReadonlySet<object> = new Set(
  [Object, Array, Map, Set, Date, RegExp, Error, String, Number, Boolean, BigInt].map(
    ({ prototype }) => prototype,
  ),
);

/** As a store that writes JSON would have it; undefined where it cannot be written, such as for a circle. */
function jsonOf(document: unknown): string | undefined {
  try {
    return JSON.stringify(document) ?? '';
  } catch {
    try {
      return (
        JSON.stringify(document, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)) ??
        ''
      );
    } catch {
      return undefined;
    }
  }
}
