import { Buffer } from 'node:buffer';
import { isDate, isMap, isProxy, isSet } from 'node:util/types';
import { UnmaskedField } from '../codecs/declared.js';
import { utf16In } from '../codecs/utf16-in.js';
import { farFuture } from '../record/far-future.js';
import { bytesIn } from './bytes-in.js';
import { isPlainKind } from './is-plain-kind.js';
import { isMaskedAt } from './masked-at.js';
import { allOf, isMaskedStrictly, namedIn } from './masked-strictly.js';
import { mostDepth } from './most-depth.js';
import { numbersIn } from './numbers-in.js';
import { isNoCard, leadsTo, type ProtectedField } from './protected-field.js';
import { unboxed } from './unboxed.js';
import { writesItself } from './writes-itself.js';

/** What a value is to whoever writes it: plain data; handed over as it is; the same, and perhaps written as JSON. */
export type Written = 'plain' | 'value' | 'document';

/**
 * Looks into text or bytes that a value holds, which may be JSON of their own.
 *
 * @param depth of what they stand in
 */
export type LookInside = (inside: string | Uint8Array, depth: number) => void;

/**
 * Looks for protected fields in all of a value, wherever somebody has put what they stand in: in a list, below another name, in
 * JSON within.
 *
 * @param depth of what the value stands in, where it is JSON in text of another
 * @throws {@link UnmaskedField} for one that is not masked, or of which nobody knows
 */
export function lookElsewhere(
  value: unknown,
  fields: readonly ProtectedField[],
  written: Written,
  lookInside: LookInside,
  depth = 0,
): void {
  const place = fields.some(({ allow }) => allow.length > 0) ? [] : undefined;
  new Look(fields, written, lookInside).at(value, place, depth);
}

class Look {
  /** Of plain data there are no circles. */
  readonly #seen: Set<object> | undefined;
  readonly #asJson: boolean;

  constructor(
    private readonly fields: readonly ProtectedField[],
    written: Written,
    private readonly lookInside: LookInside,
  ) {
    this.#seen = written === 'plain' ? undefined : new Set();
    this.#asJson = written === 'document';
  }

  /** @param place the path to the value, where anybody asks for it */
  at(value: unknown, place: readonly string[] | undefined, depth: number): void {
    if (typeof value === 'string') {
      // Without a quote there is no name in it.
      if (value.includes('"')) this.lookInside(value, depth);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    const below = depth + 1;
    if (below > mostDepth) throw tooDeep(this.fields);
    if (this.#seen !== undefined && !this.#mayEnter(value, place, below, this.#seen)) return;
    if (Array.isArray(value)) {
      const items = place && [...place, '*'];
      // By number: a class may have an iterator of its own.
      for (let i = 0; i < value.length; i++) this.at(value[i], items, below);
      if (this.#seen === undefined || Reflect.ownKeys(value).length <= value.length + 1) return;
    }
    for (const field of this.fields) this.#ask(value, field, place);
    this.#namedIn(value, place, below);
  }

  /** Hidden fields and those under symbols are handed over as well. */
  #namedIn(value: object, place: readonly string[] | undefined, depth: number): void {
    const names = this.#seen === undefined ? Object.keys(value) : Reflect.ownKeys(value);
    for (const name of names) {
      // Of plain data, or asked about before: what is computed was refused where it could be a field's.
      const inner = (value as Readonly<Record<string | symbol, unknown>>)[name];
      this.at(inner, place && [...place, typeof name === 'string' ? name : '*'], depth);
    }
  }

  /** What is not plain data, and whether there is more to look at. */
  #mayEnter(value: object, place: readonly string[] | undefined, depth: number, seen: Set<object>): boolean {
    if (seen.has(value)) return false;
    seen.add(value);
    if (isProxy(value)) throw new UnmaskedField(this.fields[0]?.path ?? '');
    this.at(unboxed(value), place, depth);
    if (this.#asJson && writesItself(value)) this.lookInside(this.#jsonOf(value), depth);
    const bytes = bytesIn(value);
    if (bytes !== undefined) {
      this.lookInside(bytes, depth);
      return false;
    }
    if (isMap(value)) {
      // By the language's own methods: a class may have others, that show less.
      Map.prototype.forEach.call(value, (inner, key) => {
        this.at(key, place, depth);
        this.at(inner, place && [...place, typeof key === 'string' ? key : '*'], depth);
      });
    }
    if (isSet(value)) {
      Set.prototype.forEach.call(value, member => this.at(member, place && [...place, '*'], depth));
    }
    return true;
  }

  #jsonOf(value: object): string {
    try {
      return JSON.stringify(value) ?? '';
    } catch {
      throw new UnmaskedField(this.fields[0]?.path ?? '');
    }
  }

  #ask(value: object, field: ProtectedField, place: readonly string[] | undefined): void {
    const { segments, name, card, isMasked } = field;
    if (card) {
      if (name === undefined) return;
      const inner = this.#named(value, name);
      if (inner?.length === 0) return;
      if (inner?.every(one => this.#isClear(one, field, 0, new Set())) === true) return;
      if (!isAllowed(field, place, [name])) throw new UnmaskedField(field.path);
      return;
    }
    const masked =
      this.#seen === undefined
        ? isMaskedAt(value, segments, 0, isMasked)
        : isMaskedStrictly(value, segments, 0, isMasked, this.#asJson);
    if (!masked && !isAllowed(field, place, segments)) throw new UnmaskedField(field.path);
  }

  /** Undefined where it is computed. */
  #named(value: object, name: string): readonly unknown[] | undefined {
    if (this.#seen !== undefined) return namedIn(value, name);
    if (!Object.hasOwn(value, name)) return none;
    return [(value as Readonly<Record<string, unknown>>)[name]];
  }

  /** Whether neither what stands under a name nor anything below it is a card number, as far as anybody can tell. */
  #isClear(value: unknown, field: ProtectedField, depth: number, seen: Set<object>): boolean {
    switch (typeof value) {
      case 'string':
        return isNoCard(value, field);
      case 'number':
      case 'bigint':
        return isNoCard(String(value), field);
      case 'function':
      case 'symbol':
        return this.#seen === undefined;
      case 'object':
        break;
      default:
        return true;
    }
    if (value === null || seen.has(value)) return true;
    if (depth === mostDepth) throw tooDeep(this.fields);
    seen.add(value);
    const isClear = (inner: unknown): boolean => this.#isClear(inner, field, depth + 1, seen);
    if (this.#seen === undefined) {
      if (Array.isArray(value)) return value.every(isClear);
      return Object.entries(value).every(([name, inner]) => isNoCard(name, field) && isClear(inner));
    }
    if (!isPlainKind(value)) return false;
    const bytes = bytesIn(value);
    if (bytes !== undefined) {
      const texts = [Buffer.from(bytes).toString(), utf16In(Buffer.from(bytes)) ?? ''];
      return texts.every(text => isNoCard(text, field)) && [...numbersIn(value)].every(isClear);
    }
    if (isDate(value) && Math.abs(Date.prototype.getTime.call(value)) >= farFuture) return false;
    const names = Array.isArray(value) ? [] : Reflect.ownKeys(value);
    const isClearName = (name: string | symbol): boolean =>
      isNoCard(typeof name === 'string' ? name : (name.description ?? ''), field);
    if (!names.every(isClearName) || !isClear(unboxed(value))) return false;
    if (isMap(value)) {
      const keys: unknown[] = [];
      Map.prototype.forEach.call(value, (_, key) => keys.push(key));
      if (!keys.every(isClear)) return false;
    }
    return allOf(value)?.every(isClear) ?? false;
  }
}

function tooDeep(fields: readonly ProtectedField[]): UnmaskedField {
  const path = fields[0]?.path ?? '';
  return new UnmaskedField(
    path,
    `what is nested deeper than the guard looks for the field '${path}' (${mostDepth} levels)`,
    'Nest it less, or leave it out of what this sink writes',
  );
}

const none: readonly unknown[] = [];

function isAllowed(
  { allow }: ProtectedField,
  place: readonly string[] | undefined,
  segments: readonly string[],
): boolean {
  return place !== undefined && allow.some(free => leadsTo(free, [...place, ...segments]));
}
