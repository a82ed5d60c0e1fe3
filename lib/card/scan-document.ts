import { isBigIntObject, isDate, isMap, isRegExp, isSet, isTypedArray } from 'node:util/types';
import { farFuture } from '../record/far-future.js';
import { bytesIn } from './bytes-in.js';
import { classesOf } from './classes-of.js';
import { fewestDigits } from './issuers.js';
import { numbersIn } from './numbers-in.js';
import { containsCardNumber } from './scan.js';
import { searchCardNumbers } from './search.js';
import { showsAll } from './shows-all.js';
import { unboxed } from './unboxed.js';
import { writesItself } from './writes-itself.js';

/**
 * What a document holds, looked through for card numbers as deep as it goes: strings, numbers and bigints, names of fields
 * and of symbols, keys and values of Maps, members of Sets, bytes of any sort of buffer as UTF-8, errors as their text, dates
 * from the year 2286 on as the number that a timestamp is. Own fields are looked at, hidden ones among them, and what JSON has of
 * it besides (`toJSON`).
 *
 * @returns `'unsearchable'` for what may hold more than it shows: a Proxy, an accessor, a function among the fields, a circle, and
 *   all that {@link showsAll} does not take
 */
export function scanDocument(document: unknown): 'clear' | 'card' | 'unsearchable' {
  const written = jsonOf(document);
  if (written === undefined) return 'unsearchable';
  if (searchCardNumbers(written, false)) return 'card';
  const pending: unknown[] = [document];
  const seen = new Set<object>();
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value === 'function') return 'unsearchable';
    if (typeof value !== 'object') {
      if (isCard(value)) return 'card';
      continue;
    }
    if (value === null || seen.has(value)) continue;
    seen.add(value);
    if (!showsAll(value)) return 'unsearchable';
    if (writesItself(value)) {
      // Where it is in a Map or a Set, JSON has nothing of it.
      const own = jsonOf(value);
      if (own === undefined) return 'unsearchable';
      pending.push(own);
    }
    const bytes = bytesIn(value);
    if (bytes !== undefined && containsCardNumber(bytes)) return 'card';
    pushContents(value, pending);
    if (!pushFields(value, pending)) return 'unsearchable';
  }
  return 'clear';
}

function isCard(value: unknown): boolean {
  if (typeof value === 'boolean' || value === undefined) return false;
  const text = typeof value === 'symbol' ? (value.description ?? '') : String(value);
  return text.length >= fewestDigits && searchCardNumbers(text, false);
}

/** What is in it besides fields, by the language's own methods: a class may have others, that show less. */
function pushContents(value: object, pending: unknown[]): void {
  pending.push(unboxed(value));
  if (isMap(value)) Map.prototype.forEach.call(value, (inner, key) => pending.push(key, inner));
  if (isSet(value)) Set.prototype.forEach.call(value, member => pending.push(member));
  for (const number of numbersIn(value)) pending.push(number);
  if (isDate(value)) {
    const time = Date.prototype.getTime.call(value);
    if (Math.abs(time) >= farFuture) pending.push(time);
  }
  if (isRegExp(value) && sourceOf !== undefined) pending.push(Reflect.apply(sourceOf, value, []));
}

const sourceOf = Object.getOwnPropertyDescriptor(RegExp.prototype, 'source')?.get;

/** Its own fields, and those that its class computes: of these nobody knows what they answer next. */
function pushFields(value: object, pending: unknown[]): boolean {
  // The names of an array of bytes are its items' numbers, as many as it has.
  for (const key of isTypedArray(value) ? [] : Reflect.ownKeys(value)) {
    const field = Object.getOwnPropertyDescriptor(value, key);
    if (field === undefined || !('value' in field)) return false;
    pending.push(key, field.value);
  }
  for (const prototype of classesOf(value) ?? []) {
    for (const field of Object.values(Object.getOwnPropertyDescriptors(prototype))) {
      if (!('value' in field)) return false;
      // Methods, the constructor among them, are no data.
      if (typeof field.value !== 'function') pending.push(field.value);
    }
  }
  return true;
}

/** As a store that writes JSON would have it; undefined where it cannot be written, such as for a circle. */
function jsonOf(document: unknown): string | undefined {
  try {
    return JSON.stringify(document) ?? '';
  } catch {
    try {
      return JSON.stringify(document, withoutBigint) ?? '';
    } catch {
      return undefined;
    }
  }
}

/** JSON has none, and they are looked at one by one. */
function withoutBigint(_: string, value: unknown): unknown {
  return typeof value === 'bigint' || isBigIntObject(value) ? null : value;
}
