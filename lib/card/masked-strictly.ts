import { isMap, isProxy, isSet } from 'node:util/types';
import { isMaskedLeaf } from './masked-at.js';
import { showsAll } from './shows-all.js';
import { writesItself } from './writes-itself.js';

/**
 * {@link isMaskedAt} for a value that goes on as it is, to a store or a codec of the user's: what it answers now it must
 * answer the next time. A Proxy, and a path through an accessor, do not pass, nor does one through an instance that may hold
 * more than its fields, unless it has the name. Inherited fields, the entries of a Map and
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
  // The root is below no name of the path: much that is written has none of it.
  if (depth > 0 && (segment === '*' || inner?.length === 0) && !showsByName(value)) return false;
  return inner?.every(item => isMaskedStrictly(item, segments, depth + 1, isMasked, asJson)) ?? false;
}

/** What is under a symbol has no name that a path could have. */
function showsByName(value: object): boolean {
  return showsAll(value) && (Array.isArray(value) || Object.getOwnPropertySymbols(value).length === 0);
}

/** What a value has under a name; undefined where that is computed. */
export function namedIn(value: object, name: string): readonly unknown[] | undefined {
  const entry = isMap(value) && hasKey.call(value, name) ? [keyed.call(value, name)] : [];
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
  const inner: unknown[] = [];
  // By the language's own methods: a class may have others, that show less.
  if (isMap(value)) eachEntry.call(value, one => inner.push(one));
  if (isSet(value)) eachMember.call(value, one => inner.push(one));
  for (const name of Reflect.ownKeys(value)) {
    const found = Object.getOwnPropertyDescriptor(value, name);
    if (found === undefined || !('value' in found)) return undefined;
    // Hidden fields are handed over as well; the length of an array is none.
    if (name !== 'length' || !Array.isArray(value)) inner.push(found.value);
  }
  return inner;
}

const { get: keyed, has: hasKey, forEach: eachEntry } = Map.prototype;
const { forEach: eachMember } = Set.prototype;
