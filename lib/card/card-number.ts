/**
 * Card numbers: 13 to 19 digits, plain or in groups with a single space or dash between them. Masking is truncation
 * (PCI DSS 3.5.1): the digits are gone, not hidden, and the last four are all that stays, in one format everywhere.
 */

import { Buffer } from 'node:buffer';
import { anyText, required } from '../base/option-kinds.js';
import { checkArgument } from '../base/option-schema.js';
import { fewestDigits as fewest, mostDigits as most } from './issuers.js';

/** A whole card number, checked by its form. @category Privacy @since 0.1.0 */
export type CardNumber = string & { readonly 'kafka-rx/brand': 'CardNumber' };

/** A card number of which at most the last four digits are left. @category Privacy @since 0.1.0 */
export type MaskedCardNumber = string & { readonly 'kafka-rx/brand': 'MaskedCardNumber' };

const kept = 4;

const zero = 48;
const nine = 57;
const space = 32;
const dash = 45;
const maskCode = 120; // x

/** `１`, `١` and `①` are digits to whoever reads them; text beyond ASCII is rare and may be slow. */
const anyDigit = /\p{N}/u;
const anyDigits = /\p{N}/gu;

/**
 * Whether the text is a card number by its form: 13 to 19 ASCII digits, plain or in groups separated by a single space
 * or dash. Neither Luhn's sum nor the issuer is asked: a mistyped card number is as private as a right one.
 *
 * @category Privacy @since 0.1.0
 */
export function isCardNumber(text: string): text is CardNumber {
  return typeof text === 'string' && symbols(text, true) === 0;
}

/**
 * Whether the text has the form that {@link maskCardNumber} gives a card number: 13 to 19 symbols in groups, each an
 * `x` but for at most four digits at the end.
 *
 * @category Privacy @since 0.1.0
 */
export function isMaskedCardNumber(text: string): text is MaskedCardNumber {
  return typeof text === 'string' && symbols(text, false) > 0;
}

/** The number of `x` in a well-grouped text of 13 to 19 digits or leading `x`; -1 where it is none. */
function symbols(text: string, digitsOnly: boolean): number {
  let digits = 0;
  let masked = 0;
  let separated = true;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= zero && code <= nine) {
      digits++;
      separated = false;
    } else if (code === maskCode && digits === 0) {
      masked++;
      separated = false;
    } else if ((code === space || code === dash) && !separated) {
      separated = true;
    } else {
      return -1;
    }
  }
  const count = digits + masked;
  if (separated || count < fewest || count > most) return -1;
  return digitsOnly || digits <= kept ? masked : -1;
}

/**
 * Puts an `x` in the place of every digit but the last four: `1234-5678-1234-1233` becomes `xxxx-xxxx-xxxx-1233`.
 * Length and separators stay; masked text comes back as it was.
 *
 * Fails closed: text that is no card number loses all digits when there are fewer than 13 of them,
 * else all but the last four. Digits of any script count. Linear in the text.
 *
 * @throws `CONFIGURATION` for what is no text, which it does not show; never for any text
 * @category Privacy @since 0.1.0
 */
export function maskCardNumber(text: string): MaskedCardNumber {
  if (typeof text !== 'string') checkArgument('maskCardNumber', 'the text', required(anyText), text);
  const { digits, masked, ascii } = count(text);
  const keep = digits + masked >= fewest && (digits >= fewest || digits <= kept) ? kept : 0;
  const replace = digits - keep;
  lastMasked = replace <= 0 ? text : ascii ? maskAscii(text, replace) : maskAny(text, replace);
  // The cast holds: at most four digits are left.
  return lastMasked as MaskedCardNumber;
}

/** Every sink behind a mask asks of what that has just made: to look once is enough. */
let lastMasked = '';

/**
 * Whether at most four digits are left in the text, of whatever script: what a guard asks of a field that should be
 * masked.
 *
 * @category Privacy @since 0.1.0
 */
export function looksMasked(text: string): boolean {
  if (text === lastMasked) return true;
  // Asked of every record: nothing else is counted, and nothing made.
  let digits = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return countAny(text).digits <= kept;
    if (code <= nine && code >= zero) digits++;
  }
  return digits <= kept;
}

interface Count {
  readonly digits: number;
  readonly masked: number;
  readonly ascii: boolean;
}

function count(text: string): Count {
  let digits = 0;
  let masked = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= zero && code <= nine) digits++;
    else if (code === maskCode) masked++;
    else if (code > 127) return countAny(text);
  }
  return { digits, masked, ascii: true };
}

function countAny(text: string): Count {
  let digits = 0;
  let masked = 0;
  for (const character of text) {
    if (anyDigit.test(character)) digits++;
    else if (character === 'x') masked++;
  }
  return { digits, masked, ascii: false };
}

/** Holds any card number; text that is longer gets a buffer of its own. */
const scratch = Buffer.alloc(64);

/** One string is made, not one a character: this runs for every record. */
function maskAscii(text: string, replace: number): string {
  const { length } = text;
  const bytes = length <= scratch.length ? scratch : Buffer.allocUnsafe(length);
  let left = replace;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    const hide = left > 0 && code >= zero && code <= nine;
    if (hide) left--;
    bytes[i] = hide ? maskCode : code;
  }
  return bytes.toString('latin1', 0, length);
}

function maskAny(text: string, replace: number): string {
  let left = replace;
  // A digit outside the basic plane takes two code units, and the length stays.
  return text.replace(anyDigits, digit => (left-- > 0 ? 'x'.repeat(digit.length) : digit));
}
