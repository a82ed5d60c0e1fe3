import { anyText, flag, required } from '../base/option-kinds.js';
import { checkArgument, checkOptions, type Fields } from '../base/option-schema.js';
import { redactText } from './redact-text.js';

/** @category Privacy @since 0.1.0 */
export interface RedactOptions {
  /**
   * Masks every run of 13 digits or more, separators between them or not, whatever its sum and issuer. Default false:
   * timestamps, offsets and the like stay readable.
   */
  readonly strict?: boolean | undefined;
}

export const redactOptions: Fields<RedactOptions> = { strict: flag };

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
 * Every hidden character becomes an `x`: the length and all else stay. Redacting twice changes nothing;
 * linear in the text.
 *
 * @param text any string, lone surrogates included
 * @returns the text itself where there is nothing to hide
 * @throws `CONFIGURATION` for what is no text, and for options that cannot be; never for any text
 * @example
 * ```ts
 * redact('card 4111-1111-1111-1111 declined'); // 'card xxxx-xxxx-xxxx-1111 declined'
 * ```
 * @category Privacy @since 0.1.0
 */
export function redact(text: string, options: RedactOptions = {}): string {
  checkArgument('redact', 'the text', required(anyText), text);
  checkOptions('redact', redactOptions, options);
  return redactText(text, options.strict ?? false);
}
