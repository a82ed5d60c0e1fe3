import { Buffer } from 'node:buffer';
import { redactText } from '../../card/redact-text.js';

/**
 * A copy of a JSON text with every run of 13 digits or more masked, in strings, numbers and names at every depth: on the
 * parsed value, since the text may write a digit as an escape. A number that is masked becomes a string.
 *
 * @param masked names of fields, `''` for all there is, below which every letter and digit is masked, at whatever depth: what a field must not show
 *   there it must not show in a record that could not be read either
 * @returns undefined for what is not JSON in UTF-8, or too deep to walk: then nothing is known of where a card stands
 */
export function redactedJson(value: Buffer | null, masked: ReadonlySet<string>): Buffer | undefined {
  if (value === null) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(value);
    return Buffer.from(JSON.stringify(redacted(JSON.parse(text), masked, masked.has(''))));
  } catch {
    return undefined;
  }
}

/** A key is text mostly; where it is JSON, or has JSON in it, a masked field shows nothing there either. */
export function redactedKey(key: Buffer | null, masked: ReadonlySet<string>): Buffer | null {
  const bytes = redactedBytes(key);
  if (key === null || bytes === null || !key.includes('"')) return bytes;
  try {
    return Buffer.from(redactedInside(key.toString(), masked));
  } catch {
    // Too deep to walk.
    return null;
  }
}

/** Text that has a masked name in it, perhaps: as JSON what stands there is masked; what is not JSON as a whole shows nothing. */
function redactedInside(text: string, masked: ReadonlySet<string>): string {
  const named = text.includes('\\u') || [...masked].some(name => text.includes(name));
  if (!named) return redactedText(text);
  let inner: unknown;
  try {
    inner = JSON.parse(text);
  } catch {
    return blanked(text);
  }
  return JSON.stringify(redacted(inner, masked, masked.has('')));
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
function redacted(value: unknown, masked: ReadonlySet<string>, whole: boolean): unknown {
  if (typeof value === 'string') {
    if (whole) return blanked(value);
    return value.includes('"') ? redactedInside(value, masked) : redactedText(value);
  }
  if (typeof value === 'number') return whole ? blanked(String(value)) : redactedNumber(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(inner => redacted(inner, masked, whole));
  // fromEntries defines `__proto__` as a name like any other.
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      whole ? blanked(name) : redactedText(name),
      redacted(inner, masked, whole || masked.has(name)),
    ]),
  );
}

function blanked(text: string): string {
  return text.replaceAll(/[\p{L}\p{N}]/gu, 'x');
}

/** Whatever point or exponent stands between them: 13 digits are enough. */
function redactedNumber(value: number): number | string {
  const text = String(value);
  const digits = text.replaceAll(/\D/g, '');
  return redactedText(digits) === digits ? value : redactedText(digits);
}
