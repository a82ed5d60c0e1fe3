import { Buffer } from 'node:buffer';
import { isBoxedPrimitive, isProxy, isTypedArray } from 'node:util/types';
import { UnmaskedField } from '../codecs/declared.js';
import { isMaskedAt } from './masked-at.js';
import { allOf, isMaskedStrictly, namedIn, writesItself } from './masked-strictly.js';
import { isNoCard, leadsTo, type ProtectedField } from './protected-field.js';

/** What a value is to whoever writes it: plain data; handed over as it is; the same, and perhaps written as JSON. */
export type Written = 'plain' | 'value' | 'document';

/** Looks into text or bytes that a value holds, which may be JSON of their own. */
export type LookInside = (inside: string | Uint8Array) => void;

/**
 * Looks for protected fields in all of a value, wherever somebody has put what they stand in: in a list, below another name, in
 * JSON within.
 *
 * @throws {@link UnmaskedField} for one that is not masked, or of which nobody knows
 */
export function lookElsewhere(
  value: unknown,
  fields: readonly ProtectedField[],
  written: Written,
  lookInside: LookInside,
): void {
  const place = fields.some(({ allow }) => allow.length > 0) ? [] : undefined;
  new Look(fields, written, lookInside).at(value, place);
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
  at(value: unknown, place: readonly string[] | undefined): void {
    if (typeof value === 'string') {
      // Without a quote there is no name in it.
      if (value.includes('"')) this.lookInside(value);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    if (this.#seen !== undefined && !this.#mayEnter(value, place, this.#seen)) return;
    if (Array.isArray(value)) {
      const items = place && [...place, '*'];
      for (const item of value) this.at(item, items);
      if (this.#seen !== undefined && Reflect.ownKeys(value).length > value.length + 1)
        this.#namedIn(value, place);
      return;
    }
    for (const field of this.fields) this.#ask(value, field, place);
    this.#namedIn(value, place);
  }

  /** Hidden fields and those under symbols are handed over as well. */
  #namedIn(value: object, place: readonly string[] | undefined): void {
    const names = this.#seen === undefined ? Object.keys(value) : Reflect.ownKeys(value);
    for (const name of names) {
      // Of plain data, or asked about before: what is computed was refused where it could be a field's.
      const inner = (value as Readonly<Record<string | symbol, unknown>>)[name];
      this.at(inner, place && [...place, typeof name === 'string' ? name : '*']);
    }
  }

  /** What is not plain data, and whether there is more to look at. */
  #mayEnter(value: object, place: readonly string[] | undefined, seen: Set<object>): boolean {
    if (seen.has(value)) return false;
    seen.add(value);
    if (isProxy(value)) throw new UnmaskedField(this.fields[0]?.path ?? '');
    if (isBoxedPrimitive(value)) this.at(value.valueOf(), place);
    if (this.#asJson && writesItself(value)) this.lookInside(JSON.stringify(value) ?? '');
    const bytes = bytesIn(value);
    if (bytes !== undefined) {
      this.lookInside(bytes);
      return false;
    }
    if (value instanceof Map) {
      for (const [key, inner] of value) {
        this.at(key, place);
        this.at(inner, place && [...place, typeof key === 'string' ? key : '*']);
      }
    }
    if (value instanceof Set) for (const member of value) this.at(member, place && [...place, '*']);
    return true;
  }

  #ask(value: object, field: ProtectedField, place: readonly string[] | undefined): void {
    const { segments, name, card, isMasked } = field;
    if (card) {
      if (name === undefined) return;
      const inner = this.#named(value, name);
      if (inner?.length === 0) return;
      if (inner?.every(one => this.#isClear(one, field, new Set())) === true) return;
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

  /** Whether neither what stands under a name nor anything below it is a card number. */
  #isClear(value: unknown, field: ProtectedField, seen: Set<object>): boolean {
    switch (typeof value) {
      case 'string':
        return isNoCard(value, field);
      case 'number':
      case 'bigint':
        return isNoCard(String(value), field);
      case 'function':
        return this.#seen === undefined;
      case 'object':
        break;
      default:
        return true;
    }
    if (value === null || seen.has(value)) return true;
    seen.add(value);
    if (isProxy(value)) return false;
    if (isBoxedPrimitive(value)) return this.#isClear(value.valueOf(), field, seen);
    const bytes = bytesIn(value);
    if (bytes !== undefined) {
      const numbers = ArrayBuffer.isView(value) ? numbersIn(value) : none;
      return (
        isNoCard(Buffer.from(bytes).toString(), field) &&
        numbers.every(number => this.#isClear(number, field, seen))
      );
    }
    if (!Array.isArray(value) && !Object.keys(value).every(name => isNoCard(name, field))) return false;
    if (value instanceof Map && ![...value.keys()].every(key => this.#isClear(key, field, seen)))
      return false;
    return allOf(value)?.every(inner => this.#isClear(inner, field, seen)) ?? false;
  }
}

const none: readonly unknown[] = [];

function isAllowed(
  { allow }: ProtectedField,
  place: readonly string[] | undefined,
  segments: readonly string[],
): boolean {
  return place !== undefined && allow.some(free => leadsTo(free, [...place, ...segments]));
}

/** Those of an array of numbers that are longer than a byte: each is one of a card's, perhaps. */
function numbersIn(view: ArrayBufferView): readonly unknown[] {
  if (view instanceof DataView || !isTypedArray(view) || view.BYTES_PER_ELEMENT < 8) return none;
  return Array.from<unknown>(view);
}

function bytesIn(value: object): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer || value instanceof SharedArrayBuffer
    ? new Uint8Array(value)
    : undefined;
}
