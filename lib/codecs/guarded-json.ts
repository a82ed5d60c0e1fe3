import { isMaskedAt } from '../card/masked-at.js';
import { type ProtectedField, UnmaskedField } from './declared.js';

/** @internal Throws {@link UnmaskedField} for plain data with a protected field that is not masked. */
export function lookAtPlain(value: unknown, fields: readonly ProtectedField[]): void {
  for (const { path, segments, isMasked } of fields) {
    if (!isMaskedAt(value, segments, 0, isMasked)) throw new UnmaskedField(path);
  }
}

/**
 * @internal The same for JSON as it is about to be sent: what accessors, `toJSON` or an encode of the user's made of a value
 * shows there and nowhere else. Text in which the field's name does not stand is not read.
 */
export function lookAtText(text: string, fields: readonly ProtectedField[]): void {
  const near = fields.filter(({ segments }) => {
    const name = nameIn(segments);
    return name === undefined || text.includes(name);
  });
  if (near.length > 0) lookAtPlain(JSON.parse(text), near);
}

/** @internal The same for bytes that may be anything; what is no JSON passes. */
export function lookAtBytes(bytes: Uint8Array, fields: readonly ProtectedField[]): void {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const near = fields.filter(({ segments }) => view.includes(nameIn(segments) ?? ''));
  if (near.length === 0) return;
  let value: unknown;
  try {
    value = JSON.parse(view.toString());
  } catch {
    return;
  }
  lookAtPlain(value, near);
}

/** As JSON writes the last name of a path; undefined where it has none. */
function nameIn(segments: readonly string[]): string | undefined {
  const name = segments.findLast(segment => segment !== '*');
  return name === undefined ? undefined : JSON.stringify(name);
}
