import { searchCardNumbers } from './search.js';
import { lengthOf, symbolAt } from './symbols.js';

/** @category Privacy @since 0.1.0 */
export interface RedactOptions {
  /**
   * Masks every run of 13 digits or more, separators between them or not, whatever its sum and issuer. Default false:
   * timestamps, offsets and the like stay readable.
   */
  readonly strict?: boolean | undefined;
}

const maskCode = 120; // x

/**
 * Masks the card numbers in free text, as `mask` does in a field: `paid by 4111 1111 1111 1111` becomes
 * `paid by xxxx xxxx xxxx 1111`. For log lines, error messages and notes; where a field holds the card, `mask` is surer.
 *
 * Found are 13 to 19 digits that pass Luhn's sum and begin as an issuer's cards of that length do: alone, in groups
 * (spaces, dashes, dots, slashes, up to three between two digits, also Unicode's), inside words, after leading zeros,
 * with a security code stuck to them, in digits of any script, and written as `%34`, `\u0034` or `&#52;`. A run of 20
 * digits or more without a separator is masked whatever it holds. Not found: numbers in base64, in words, with other
 * characters between, or in a longer group of fewer than 20 digits that begins with others; `strict` finds the last.
 *
 * Every hidden character becomes an `x`: the length and all else stay. Never throws; redacting twice changes nothing;
 * linear in the text.
 *
 * @param text any string, lone surrogates included
 * @returns the text itself where there is nothing to hide
 * @example
 * ```ts
 * redact('card 4111-1111-1111-1111 declined'); // 'card xxxx-xxxx-xxxx-1111 declined'
 * ```
 * @category Privacy @since 0.1.0
 */
export function redact(text: string, options: RedactOptions = {}): string {
  let units: Buffer | undefined;
  searchCardNumbers(text, options.strict ?? false, at => {
    units ??= Buffer.from(text, 'utf16le');
    const end = at + lengthOf(symbolAt(text, at));
    for (let i = at; i < end; i++) {
      units[2 * i] = maskCode;
      units[2 * i + 1] = 0;
    }
  });
  return units === undefined ? text : units.toString('utf16le');
}
