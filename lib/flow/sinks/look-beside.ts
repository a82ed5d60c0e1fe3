import { Buffer } from 'node:buffer';
import { trueCopy, trueLength } from '../../base/true-bytes.js';
import { fewestDigits } from '../../card/issuers.js';
import { isNoCard, type ProtectedField } from '../../card/protected-field.js';
import { hasNumberShownMasked } from '../../card/shown-masked.js';
import { isTextShownMasked } from '../../card/text-shown-masked.js';
import { UnmaskedField } from '../../codecs/declared.js';
import { lookAtBytes } from '../../codecs/guarded-json.js';
import { isPlain } from '../../codecs/plain-bytes.js';
import { utf16In } from '../../codecs/utf16-in.js';
import { isInstance } from '../../errors/is-instance.js';
import { farFuture } from '../../record/far-future.js';
import type { Headers } from '../../record/headers.js';
import { type BesideValue, unmaskedBeside } from './beside-value.js';

/**
 * Looks at what is written beside a value, its key and headers.
 *
 * @throws {@link UnmaskedField} for a protected field in JSON, for a header of its name that is not masked, and for the number
 *   of a card, or other text, of which the value shows the masked form
 */
export function lookBeside(
  key: Buffer | null,
  value: Buffer | null,
  headers: Headers,
  timestamp: number,
  fields: readonly ProtectedField[],
): void {
  const shown = (): string => (value === null ? '' : trueCopy(value).toString());
  const fewest = fewestBytes(fields);
  if (key !== null && trueLength(key) >= fewest) lookAtPart(key, shown, fields, 'key');
  if (timestamp >= farFuture) lookAtPart(Buffer.from(String(timestamp)), shown, fields, 'timestamp');
  for (const header of headers) {
    const name = Buffer.from(header.key);
    if (name.length >= fewest) lookAtPart(name, shown, fields, 'header');
    if (header.value === null) continue;
    lookAtHeader(header.key, header.value, fields);
    if (trueLength(header.value) >= fewest) lookAtPart(header.value, shown, fields, 'header');
  }
}

/** How much a part must have before anything of a field can stand in it: other text has any length. */
export function fewestBytes(fields: readonly ProtectedField[]): number {
  for (const field of fields) if (!field.card) return 1;
  return fewestDigits;
}

function lookAtHeader(key: string, value: Uint8Array, fields: readonly ProtectedField[]): void {
  for (const field of fields) {
    if (field.name !== key) continue;
    // Of a longer path the name alone says little of text that is no card's.
    const isMasked = (text: string): boolean =>
      field.card ? isNoCard(text, field) : !field.strict || field.isMasked(text);
    if (!textsIn(value).every(isMasked)) throw unmaskedBeside('header', new UnmaskedField(field.path));
  }
}

/**
 * The same for one part of what is written.
 *
 * @param shown what the value shows, as text; asked only where the part has a number, or text that may be a field's. Undefined: it cannot be read
 */
export function lookAtPart(
  part: Buffer,
  shown: () => string | undefined,
  fields: readonly ProtectedField[],
  where: BesideValue,
): void {
  if (isPlain(part, trueLength(part), fields)) return;
  try {
    lookAtBytes(part, fields);
  } catch (error) {
    throw isInstance(error, UnmaskedField) ? unmaskedBeside(where, error) : error;
  }
  for (const { path, masksOf } of fields) {
    if (masksOf === undefined) continue;
    if (textsIn(part).some(text => isTextShownMasked(text, shown, masksOf)))
      throw unmaskedBeside(where, new UnmaskedField(path));
  }
  if (!mayHaveNumber(part)) return;
  const card = fields.find(field => field.card);
  if (card === undefined) return;
  const masked = shown();
  if (masked === undefined || textsIn(part).some(text => hasNumberShownMasked(text, masked))) {
    throw unmaskedBeside(where, new UnmaskedField(card.path));
  }
}

/** Bytes as whoever gets them might read them. */
function textsIn(bytes: Uint8Array): readonly string[] {
  const own = trueCopy(bytes);
  const text = own.toString();
  const wide = utf16In(own);
  return wide === undefined ? [text] : [text, wide];
}

/** Whether there are digits enough, or there may be digits of another script. */
function mayHaveNumber(bytes: Buffer): boolean {
  let digits = 0;
  const length = trueLength(bytes);
  for (let i = 0; i < length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte > 127) return true;
    if (byte >= 48 && byte <= 57 && ++digits >= fewestDigits) return true;
  }
  return false;
}
