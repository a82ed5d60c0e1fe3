import { fewestDigits } from '../../card/issuers.js';
import { isNoCard, type ProtectedField } from '../../card/protected-field.js';
import { hasNumberShownMasked } from '../../card/shown-masked.js';
import { UnmaskedField } from '../../codecs/declared.js';
import { lookAtBytes } from '../../codecs/guarded-json.js';
import type { Headers } from '../../record/headers.js';

/**
 * Looks at what is written beside a value, its key and headers.
 *
 * @throws {@link UnmaskedField} for a protected field in JSON, for a header of its name that is not masked, and for the number
 *   of a card of which the value shows the masked form
 */
export function lookBeside(
  key: Buffer | null,
  value: Buffer | null,
  headers: Headers,
  fields: readonly ProtectedField[],
): void {
  if (key !== null && key.length >= fewestDigits) lookAtPart(key, value, fields);
  for (const header of headers) {
    const name = Buffer.from(header.key);
    if (name.length >= fewestDigits) lookAtPart(name, value, fields);
    if (header.value === null) continue;
    lookAtHeader(header.key, header.value, fields);
    if (header.value.length >= fewestDigits) lookAtPart(header.value, value, fields);
  }
}

function lookAtHeader(key: string, value: Uint8Array, fields: readonly ProtectedField[]): void {
  for (const field of fields) {
    if (field.name !== key) continue;
    const text = Buffer.from(value).toString();
    // Of a longer path the name alone says little of text that is no card's.
    const masked = field.card ? isNoCard(text, field) : !field.strict || field.isMasked(text);
    if (!masked) throw new UnmaskedField(field.path);
  }
}

function lookAtPart(part: Buffer, value: Buffer | null, fields: readonly ProtectedField[]): void {
  lookAtBytes(part, fields);
  if (value === null || !mayHaveNumber(part)) return;
  const card = fields.find(field => field.card);
  if (card !== undefined && hasNumberShownMasked(part.toString(), value.toString())) {
    throw new UnmaskedField(card.path);
  }
}

/** Whether there are digits enough, or there may be digits of another script. */
function mayHaveNumber(bytes: Buffer): boolean {
  let digits = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte > 127) return true;
    if (byte >= 48 && byte <= 57 && ++digits >= fewestDigits) return true;
  }
  return false;
}
