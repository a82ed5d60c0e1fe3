import { Buffer } from 'node:buffer';
import { isProxy } from 'node:util/types';
import { isMaskedLeaf } from './masked-at.js';

/**
 * {@link isMaskedAt} for a value that goes on as it is, to a store or a codec of the user's: what it answers now it must
 * answer the next time. A Proxy, and a path through an accessor, do not pass. Inherited fields, the entries of a Map and
 * the members of a Set are looked at as an object's own fields are.
 *
 * @param asJson given: a `toJSON` on the way does not pass either, since what it gives is what may be written
 */
export function isMaskedStrictly(
  value: unknown,
  segments: readonly string[],
  depth: number,
  isMasked: (text: string) => boolean,
  asJson: boolean,
): boolean {
  if (value === undefined || value === null) return true;
  const segment = segments[depth];
  if (segment === undefined) return isMaskedLeaf(value, isMasked);
  if (typeof value !== 'object') return typeof value !== 'function';
  if (isProxy(value) || (asJson && writesItself(value))) return false;
  const inner = segment === '*' ? allOf(value) : namedIn(value, segment);
  return inner?.every(item => isMaskedStrictly(item, segments, depth + 1, isMasked, asJson)) ?? false;
}

/** Of a Buffer or a Date it is known what they give, unless they have a `toJSON` of their own. */
export function writesItself(value: object): boolean {
  if (!('toJSON' in value)) return false;
  const { toJSON } = value;
  return (
    typeof toJSON === 'function' && toJSON !== Date.prototype.toJSON && toJSON !== Buffer.prototype.toJSON
  );
}

/** What a value has under a name; undefined where that is computed. */
export function namedIn(value: object, name: string): readonly unknown[] | undefined {
  const entry = value instanceof Map && value.has(name) ? [value.get(name)] : [];
  for (let from: object | null = value; from !== null; from = Object.getPrototypeOf(from) as object | null) {
    // In the chain of prototypes one Proxy is enough for any answer.
    if (from !== value && isProxy(from)) return undefined;
    const found = Object.getOwnPropertyDescriptor(from, name);
    if (found === undefined) continue;
    // What every object has of that name (`constructor`) is no field.
    if (from === Object.prototype && typeof found.value === 'function') break;
    return 'value' in found ? [found.value, ...entry] : undefined;
  }
  return entry;
}

/** Everything directly inside; undefined where some of it is computed. */
export function allOf(value: object): readonly unknown[] | undefined {
  const inner: unknown[] = value instanceof Map || value instanceof Set ? [...value.values()] : [];
  for (const found of Object.values(Object.getOwnPropertyDescriptors(value))) {
    if (!('value' in found)) return undefined;
    if (found.enumerable === true) inner.push(found.value);
  }
  return inner;
}
