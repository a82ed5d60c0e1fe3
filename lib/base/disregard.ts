import { isMap, isPromise, isSet } from 'node:util/types';

/** Who makes more promises than that is lost anyway. */
const mostItems = 1_000_000;

type Rejected = (reason: unknown) => void;

/**
 * Where a promise came instead of a value, or several did in a list, Set or Map, and they are refused: a rejection that nobody hears would
 * end the process. For nobody to hear, promises of Node's own will do; another thenable may begin its work only when asked: not here.
 *
 * @param rejected hears of the rejection, of whatever thenable, and of what throws when it is asked; left out: nobody
 * @returns whether it is a promise, or a thenable. Never throws, whatever it was given, and ends
 */
export function disregard(thing: unknown, rejected?: Rejected): boolean {
  if (typeof thing !== 'object' || thing === null) return false;
  if (dropped(thing, rejected)) return true;
  walk(thing, rejected, itemsOf);
  return false;
}

/** The same for a value that was refused with all that is in it: its fields too, but for what only an accessor would give. */
export function disregardWithin(value: unknown): void {
  if (typeof value === 'object' && value !== null && !dropped(value)) walk(value, undefined, partsOf);
}

function dropped(thing: object, rejected?: Rejected): boolean {
  try {
    if (!('then' in thing) || typeof thing.then !== 'function') return false;
    if (rejected !== undefined || isPromise(thing)) thing.then(undefined, rejected ?? (() => {}));
    return true;
  } catch (error) {
    // A Proxy whose traps throw, a thenable that does.
    rejected?.(error);
    return false;
  }
}

/** What is in a thing, up to a number of them. */
type Parts = (thing: object, most: number) => readonly unknown[];

/** With a stack of its own, since what is nested may be deep, and each thing once, since it may hold itself. */
function walk(root: object, rejected: Rejected | undefined, partsIn: Parts): void {
  let pending: object[] | undefined;
  let seen: Set<object> | undefined;
  let left = mostItems;
  for (let thing: object | undefined = root; thing !== undefined; thing = pending?.pop()) {
    try {
      const parts = partsIn(thing, left);
      left -= parts.length;
      for (const part of parts) {
        if (typeof part !== 'object' || part === null || dropped(part, rejected)) continue;
        seen ??= new Set([root]);
        if (seen.has(part)) continue;
        seen.add(part);
        pending ??= [];
        pending.push(part);
      }
    } catch (error) {
      rejected?.(error);
    }
  }
}

const nothing: readonly unknown[] = [];

function itemsOf(thing: object, most: number): readonly unknown[] {
  // By what they hold, and by number: an iterator of their own may never end.
  if (Array.isArray(thing)) {
    const items: unknown[] = [];
    const { length } = thing;
    for (let at = 0; at < length && at < most; at++) items.push(thing[at]);
    return items;
  }
  if (isSet(thing)) return [...Set.prototype.values.call(thing)];
  return isMap(thing) ? [...Map.prototype.entries.call(thing)].flat() : nothing;
}

function partsOf(thing: object, most: number): readonly unknown[] {
  const items = itemsOf(thing, most);
  if (items !== nothing || ArrayBuffer.isView(thing)) return items;
  const parts: unknown[] = [];
  for (const name of Object.keys(thing)) {
    if (parts.length >= most) break;
    parts.push(Object.getOwnPropertyDescriptor(thing, name)?.value);
  }
  return parts;
}
