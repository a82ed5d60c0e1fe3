import { isMap, isPromise, isSet } from 'node:util/types';

/** Who makes more promises than that is lost anyway. */
const mostItems = 1_000_000;

/**
 * Where a promise came instead of a value, or several did in a list, Set or Map, and they are refused: a rejection that nobody hears would
 * end the process. For nobody to hear, promises of Node's own will do; another thenable may begin its work only when asked: not here.
 *
 * @param rejected hears of the rejection, of whatever thenable, and of what throws when it is asked; left out: nobody
 * @returns whether it is a promise, or a thenable. Never throws, whatever it was given
 */
export function disregard(thing: unknown, rejected?: (reason: unknown) => void): boolean {
  if (typeof thing !== 'object' || thing === null) return false;
  try {
    if (Array.isArray(thing)) {
      // By number: an iterator of its own may never end.
      for (let i = 0; i < thing.length && i < mostItems; i++) disregard(thing[i], rejected);
      return false;
    }
    if (!('then' in thing) || typeof thing.then !== 'function') {
      // By what it holds, for the same reason.
      if (isSet(thing)) Set.prototype.forEach.call(thing, item => void disregard(item, rejected));
      else if (isMap(thing))
        Map.prototype.forEach.call(thing, (item, key) => {
          disregard(item, rejected);
          disregard(key, rejected);
        });
      return false;
    }
    if (rejected !== undefined || isPromise(thing)) thing.then(undefined, rejected ?? (() => {}));
    return true;
  } catch (error) {
    // A Proxy whose traps throw, a thenable that does.
    rejected?.(error);
    return false;
  }
}
