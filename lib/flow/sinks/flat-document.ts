import { isProxy } from 'node:util/types';
import type { ProtectedField } from '../../card/protected-field.js';

/** What is known of the fields before there is a document. */
interface Flat {
  /** Each has a path of one name. */
  readonly atTop: boolean;
  /** Shorter text is no JSON with one of them in it. */
  readonly fewestUnits: number;
}

export function flatOf(fields: readonly ProtectedField[]): Flat {
  return {
    atTop: fields.every(({ segments, name }) => segments.length === 1 && name !== undefined),
    // Name, quotes, colon, and 13 digits where only these are a card.
    fewestUnits: Math.min(...fields.map(({ name = '', card }) => name.length + (card ? 16 : 3))),
  };
}

/**
 * Whether a document is a plain literal of text, numbers and the like in which every protected field is masked: most are, and
 * for them nothing is allocated. Nothing is known of any other, which has to be looked at closely.
 */
export function isFlatAndMasked(
  value: object,
  fields: readonly ProtectedField[],
  { atTop, fewestUnits }: Flat,
): boolean {
  // Else what is read below might be something else the next time.
  if (!atTop || isProxy(value)) return false;
  const fieldsOf = value as Readonly<Record<string, unknown>>;
  // A Map, bytes or an Error have more than their fields, and a `toJSON` of a class need not be enumerable.
  if (Object.getPrototypeOf(value) !== Object.prototype || 'toJSON' in value) return false;
  for (const name in value) {
    const inner = fieldsOf[name];
    if (typeof inner === 'string') {
      if (inner.length >= fewestUnits && inner.includes('"')) return false;
    } else if ((typeof inner === 'object' && inner !== null) || typeof inner === 'function') return false;
  }
  for (const { name, isMasked } of fields) {
    // Of a path of one name that is no `*`.
    if (name === undefined) return false;
    const inner = Object.getOwnPropertyDescriptor(value, name);
    if (inner === undefined) {
      if (name in value) return false;
      continue;
    }
    const held: unknown = inner.value;
    if (typeof held === 'string' ? !isMasked(held) : held !== null) return false;
  }
  return true;
}
