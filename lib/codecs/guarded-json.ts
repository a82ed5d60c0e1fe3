import { Buffer } from 'node:buffer';
import { trueLength } from '../base/true-bytes.js';
import { bytesIn } from '../card/bytes-in.js';
import { cardUnderName } from '../card/card-under-name.js';
import { lookElsewhere, type Written } from '../card/look-elsewhere.js';
import { isMaskedAt } from '../card/masked-at.js';
import { isMaskedStrictly } from '../card/masked-strictly.js';
import { mostDepth } from '../card/most-depth.js';
import type { ProtectedField } from '../card/protected-field.js';
import { UnmaskedField } from './declared.js';
import { lookAt } from './json-strict.js';
import { isPlain } from './plain-bytes.js';
import { utf16In } from './utf16-in.js';

/**
 * @internal Throws {@link UnmaskedField} for plain data with a protected field that is not masked, at its path or elsewhere.
 *
 * @param depth of what it stands in as text
 */
export function lookAtPlain(value: unknown, fields: readonly ProtectedField[], depth = 0): void {
  lookAtPaths(value, fields);
  lookElsewhere(value, fields, 'plain', (inside, below) => lookInside(inside, fields, below), depth);
}

/** @internal The same at the fields' own paths alone. */
export function lookAtPaths(value: unknown, fields: readonly ProtectedField[]): void {
  for (const { path, segments, isMasked } of fields) {
    if (!isMaskedAt(value, segments, 0, isMasked)) throw new UnmaskedField(path);
  }
}

/** @internal The same for what is handed to somebody as it is: what it answers now it must answer the next time. */
export function lookAtValue(
  value: unknown,
  fields: readonly ProtectedField[],
  written: Exclude<Written, 'plain'>,
): void {
  for (const { path, segments, isMasked } of fields) {
    if (!isMaskedStrictly(value, segments, 0, isMasked, written === 'document'))
      throw new UnmaskedField(path);
  }
  lookElsewhere(value, fields, written, (inside, depth) => lookInside(inside, fields, depth));
}

/**
 * @internal The same for JSON as one of our codecs has written it: what accessors, `toJSON` or an encode of the user's made of
 * a value shows there and nowhere else. Text in which no field's name stands is not read.
 */
export function lookAtText(text: string, fields: readonly ProtectedField[]): void {
  const near = fields.filter(field => isNear(field, text));
  if (near.length > 0) lookAtPlain(JSON.parse(text), near);
}

/**
 * @internal The same for bytes that may be anything, as whoever gets them might read them: as JSON in UTF-8 or UTF-16, with or
 * without something around it.
 */
export function lookAtBytes(bytes: Uint8Array, fields: readonly ProtectedField[], depth = 0): void {
  if (isPlain(bytes, trueLength(bytes), fields)) return;
  const { buffer, byteOffset, byteLength } = bytesIn(bytes);
  const view = Buffer.from(buffer, byteOffset, byteLength);
  const near = fields.filter(field => isNear(field, view));
  if (near.length > 0) lookInto(view.toString(), near, depth);
  const wide = utf16In(view);
  if (wide !== undefined) lookInside(wide, fields, depth);
}

function lookInside(inside: string | Uint8Array, fields: readonly ProtectedField[], depth: number): void {
  if (typeof inside !== 'string') lookAtBytes(inside, fields, depth);
  else {
    const near = fields.filter(field => isNear(field, inside));
    if (near.length > 0) lookInto(inside, near, depth);
  }
}

/** Of what is deeper, or has one name twice in an object, another reader may see another thing than we do. */
const limits = { maxDepth: mostDepth, duplicateKeys: 'refuse', unsafeNumbers: 'allow' } as const;

/** Text of somebody else's. */
function lookInto(given: string, fields: readonly ProtectedField[], depth: number): void {
  const text = given.startsWith(byteOrderMark) ? given.slice(1) : given;
  if (lookAtJson(text, fields, depth)) return;
  const from = text.search(/[{[]/);
  const to = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'));
  const around = from >= 0 && to > from && lookAtJson(text.slice(from, to + 1), fields, depth);
  if (!around) for (const line of text.split('\n')) if (line.includes('"')) lookAtJson(line, fields, depth);
  for (const { card, name, path, strict, allow } of fields) {
    // Where something else of that name may stand cannot be told here.
    if (card && name !== undefined && allow.length === 0 && cardUnderName(text, name, strict))
      throw new UnmaskedField(path);
  }
}

const byteOrderMark = '\ufeff';

/** @returns whether it is JSON */
function lookAtJson(text: string, fields: readonly ProtectedField[], depth: number): boolean {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return false;
  }
  lookAtPlain(value, fields, depth);
  if (lookAt(value, Buffer.from(text), limits).breach !== undefined) {
    throw new UnmaskedField(fields[0]?.path ?? '');
  }
  return true;
}

/** Whether a text can have the field's name in it: as it is, or in escapes. */
function isNear({ name, plain }: ProtectedField, text: string | Buffer): boolean {
  if (name === undefined || !plain) return true;
  return text.includes(name) || text.includes('\\u');
}
