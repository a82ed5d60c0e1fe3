import { types } from 'node:util';
import { disregard } from '../base/disregard.js';
import { isRecord } from '../record/is-record.js';

/**
 * What JSON.stringify writes and `json` would not read back: it turns NaN and undefined into null, leaves out functions, and
 * writes depths, names and numbers that decode refuses. One walk over the value tells whether anything of that is in it;
 * only then is it looked for exactly, as JSON.stringify reads it (`toJSON`, boxed primitives), with the place.
 */

/** @internal */
export interface WriteLimits {
  readonly maxDepth: number;
  readonly unsafeNumbers: 'refuse' | 'allow';
}

/** @internal What JSON has no form for, or none that is read back. */
export interface Flaw {
  readonly path: readonly string[];
  /** Behind `is` or `holds`: `a function, for which JSON has no form`. */
  readonly what: string;
  readonly remedy?: string | undefined;
}

/** The numbers that are read back, from `-most` to `most`. @internal */
export function mostNumber({ unsafeNumbers }: Pick<WriteLimits, 'unsafeNumbers'>): number {
  return unsafeNumbers === 'allow' ? Number.MAX_VALUE : Number.MAX_SAFE_INTEGER;
}

/** The first of what would not come back as it is; undefined where all does. @internal */
export function flawIn(value: unknown, limits: WriteLimits): Flaw | undefined {
  if (isPlainJson(value, mostNumber(limits), limits.maxDepth)) return undefined;
  return new Search(limits).flaw(value, '', [], false);
}

/** Whether it is of plain objects and arrays, and all of it is read back. @param depth how many objects may stand within each other */
function isPlainJson(value: unknown, most: number, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return value <= most && value >= -most;
    case 'object':
      return value === null || (depth > 0 && isPlainObject(value, most, depth - 1));
    default:
      return false;
  }
}

function isPlainObject(value: object, most: number, depth: number): boolean {
  if ('toJSON' in value) return false;
  if (Array.isArray(value)) {
    // By index: a hole is undefined.
    for (let i = 0; i < value.length; i++) if (!isPlainJson(value[i], most, depth)) return false;
    return true;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) {
    // What an accessor gave is found by nobody later on.
    disregard(value);
    return false;
  }
  for (const name in value) {
    const inner: unknown = (value as Readonly<Record<string, unknown>>)[name];
    // A field that is undefined is one that is not there, to JSON and to whoever reads it.
    if (name === '__proto__' || (inner !== undefined && !isPlainJson(inner, most, depth))) return false;
  }
  return true;
}

/** Off the hot path: the same, exactly. */
class Search {
  readonly #limits: WriteLimits;
  readonly #within: object[] = [];

  constructor(limits: WriteLimits) {
    this.#limits = limits;
  }

  flaw(given: unknown, key: string, path: readonly string[], isField: boolean): Flaw | undefined {
    if (given === undefined && isField) return undefined;
    if (isRecord(given)) return { path, what: coordinatesAlone, remedy: writeItsValue };
    const value = unboxed(afterToJson(given, key));
    if (value === null && types.isDate(given))
      return { path, what: 'an invalid Date, which JSON would turn into null' };
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return undefined;
      case 'number':
        return this.#number(value, path);
      case 'object':
        return value === null ? undefined : this.#object(value, path);
      case 'undefined':
        return { path, what: given === undefined ? undefinedItem : 'something whose toJSON gives undefined' };
      default:
        return { path, what: `a ${typeof value}, for which JSON has no form` };
    }
  }

  #number(value: number, path: readonly string[]): Flaw | undefined {
    const most = mostNumber(this.#limits);
    if (value <= most && value >= -most) return undefined;
    if (!Number.isFinite(value))
      return { path, what: 'a number that is not finite, which JSON would turn into null' };
    return {
      path,
      what: 'a number beyond 2^53, which decode refuses since it may have lost digits',
      remedy:
        "Make it text (of a bigint, for all its digits), or give json the option unsafeNumbers: 'allow'",
    };
  }

  #object(value: object, path: readonly string[]): Flaw | undefined {
    if (this.#within.includes(value)) return { path, what: 'an object that holds itself' };
    if (this.#within.length >= this.#limits.maxDepth) {
      return {
        path,
        what: 'nested deeper than maxDepth allows, which decode refuses',
        remedy: 'Nest it less, or give json a higher maxDepth',
      };
    }
    const formless = formlessKind(value);
    if (formless !== undefined) {
      disregard(value);
      return { path, what: `${formless}, for which JSON has no form` };
    }
    this.#within.push(value);
    const flaw = Array.isArray(value) ? this.#items(value, path) : this.#fields(value, path);
    this.#within.pop();
    return flaw;
  }

  #items(items: readonly unknown[], path: readonly string[]): Flaw | undefined {
    for (let i = 0; i < items.length; i++) {
      const flaw = this.flaw(items[i], String(i), [...path, String(i)], false);
      if (flaw !== undefined) return flaw;
    }
    return undefined;
  }

  #fields(value: object, path: readonly string[]): Flaw | undefined {
    const names = Object.keys(value);
    if (names.length === 0 && !isBare(value)) {
      return { path, what: 'an object of which JSON would write nothing but {}' };
    }
    for (const name of names) {
      if (name === '__proto__') return { path, what: protoField };
      // What has a name has a place by it.
      const inner = (value as Readonly<Record<string, unknown>>)[name];
      const flaw = this.flaw(inner, name, [...path, name], true);
      if (flaw !== undefined) return flaw;
    }
    return undefined;
  }
}

const coordinatesAlone = 'a record, of which JSON would write its coordinates and nothing that it holds';
const writeItsValue =
  'Give the sink what it holds: record.value, or of several records.map(record => record.value)';
const undefinedItem = 'undefined, which JSON would turn into null';

function afterToJson(value: unknown, key: string): unknown {
  if (value === null || value === undefined) return value;
  if (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'bigint') return value;
  const { toJSON } = value as { readonly toJSON?: unknown };
  return typeof toJSON === 'function' ? Reflect.apply(toJSON, value, [key]) : value;
}

/** As JSON.stringify takes it out of its box. */
function unboxed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !types.isBoxedPrimitive(value)) return value;
  if (types.isNumberObject(value)) return Number(value);
  if (types.isStringObject(value)) return String(value);
  // The others say what they hold; of a symbol there is nothing but {}.
  return value.valueOf();
}

/** Of what holds its content otherwise than in fields: its name, with an article. */
function formlessKind(value: object): string | undefined {
  if (types.isMap(value)) return 'a Map';
  if (types.isSet(value)) return 'a Set';
  if (types.isNativeError(value)) return 'an Error';
  if (types.isRegExp(value)) return 'a RegExp';
  if (types.isPromise(value)) return 'a Promise';
  if (types.isDate(value)) return 'a Date without its toJSON';
  if (types.isWeakMap(value) || types.isWeakSet(value)) return 'a WeakMap or WeakSet';
  return ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value) ? 'bytes' : undefined;
}

function isBare(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

/** @internal Behind `is`. */
export const protoField = 'an object with a field that is called __proto__';

/** @internal The way to the first object with an own `__proto__`; what holds itself is looked at once. */
export function protoIn(root: unknown): readonly string[] | undefined {
  const seen = new Set<unknown>();
  const pending: { readonly value: unknown; readonly path: readonly string[] }[] = [
    { value: root, path: [] },
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, path } = next;
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (Object.hasOwn(value, '__proto__')) return path;
    for (const [name, inner] of Object.entries(value)) pending.push({ value: inner, path: [...path, name] });
  }
  return undefined;
}
