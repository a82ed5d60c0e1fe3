import { Buffer } from 'node:buffer';
import { redactText } from '../../card/redact-text.js';
import { blanked, type HiddenTexts } from './hidden-texts.js';

interface Masking {
  /** Names of fields, `''` for all there is, below which every letter and digit is masked. */
  readonly names: ReadonlySet<string>;
  /** Text in JSON is read as JSON also where it has none of the names. */
  readonly readsAll: boolean;
  /** What is shown of text below none of the names. Of the same length. */
  plain(text: string): string;
  /** What is shown of text below one. */
  blank(text: string): string;
}

/**
 * A copy of a JSON text with every run of 13 digits or more masked, in strings, numbers and names at every depth: on the
 * parsed value, since the text may write a digit as an escape. A number that is masked becomes a string.
 *
 * @param masked names of fields, `''` for all there is, below which every letter and digit is masked, at whatever depth: what a field must not show
 *   there it must not show in a record that could not be read either
 * @param hidden is told what was masked there
 * @returns undefined for what is not JSON in UTF-8, or too deep to walk: then nothing is known of where a card stands
 */
export function redactedJson(
  value: Buffer | null,
  masked: ReadonlySet<string>,
  hidden: HiddenTexts,
): Buffer | undefined {
  if (value === null) return undefined;
  const blank = (text: string): string => {
    hidden.add(text);
    return blanked(text);
  };
  const masking = { names: masked, readsAll: false, plain: redactedText, blank };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(value);
    return Buffer.from(JSON.stringify(redacted(JSON.parse(text), masking, masked.has(''))));
  } catch {
    return undefined;
  }
}

/**
 * A key is text mostly; where it is JSON, or has JSON in it, a masked field shows nothing there either. Nor does it show what the
 * copy beside it hides.
 */
export function redactedKey(
  key: Buffer | null,
  masked: ReadonlySet<string>,
  hidden: HiddenTexts,
): Buffer | null {
  if (key === null || redactedBytes(key) === null) return null;
  const plain = (text: string): string => hidden.hide(text, redactedText(text));
  const text = key.toString();
  if (!text.includes('"')) return Buffer.from(plain(text));
  try {
    const masking = { names: masked, readsAll: !hidden.isEmpty, plain, blank: blanked };
    return Buffer.from(redactedInside(text, masking));
  } catch {
    // Too deep to walk.
    return null;
  }
}

/** Text that has a masked name in it, perhaps: as JSON what stands there is masked; what is not JSON as a whole shows nothing. */
function redactedInside(text: string, masking: Masking): string {
  const named = text.includes('\\u') || [...masking.names].some(name => text.includes(name));
  if (!named && !masking.readsAll) return masking.plain(text);
  let inner: unknown;
  try {
    inner = JSON.parse(text);
  } catch {
    return named ? masking.blank(text) : masking.plain(text);
  }
  return JSON.stringify(redacted(inner, masking, masking.names.has('')));
}

/** A text for a header or a key: every run of 13 digits or more masked. */
export function redactedText(text: string): string {
  return redactText(text, true);
}

/** The bytes as redacted text; null where they are no plain text. */
export function redactedBytes(bytes: Buffer | null): Buffer | null {
  if (bytes === null) return null;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    // Control characters are a sign of packed digits or numbers, in which no card would be found.
    return /\p{Cc}/u.test(text) ? null : Buffer.from(redactedText(text));
  } catch {
    return null;
  }
}

/** @param whole mask all of it and not only long runs of digits */
function redacted(value: unknown, masking: Masking, whole: boolean): unknown {
  if (typeof value === 'string') {
    if (whole) return masking.blank(value);
    return value.includes('"') ? redactedInside(value, masking) : masking.plain(value);
  }
  if (typeof value === 'number') {
    return whole ? masking.blank(String(value)) : redactedNumber(value, masking);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(inner => redacted(inner, masking, whole));
  // fromEntries defines `__proto__` as a name like any other.
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      whole ? masking.blank(name) : masking.plain(name),
      redacted(inner, masking, whole || masking.names.has(name)),
    ]),
  );
}

/** Whatever point or exponent stands between them: 13 digits are enough. */
function redactedNumber(value: number, { plain }: Masking): number | string {
  const text = String(value);
  const digits = text.replaceAll(/\D/g, '');
  const masked = redactedText(digits);
  if (masked !== digits) return masked;
  const shown = plain(text);
  return shown === text ? value : shown;
}
