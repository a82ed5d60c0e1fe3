import { disregard } from '../base/disregard.js';
import { KafkaRxError } from '../errors/errors.js';

/** Text that a pattern of its own has masked. @category Privacy @since 0.1.0 */
export type MaskedText = string & { readonly 'kafka-rx/brand': 'MaskedText' };

/**
 * How text that is no card number is masked.
 *
 * - A RegExp tells the form of the text, its capture groups what stays: all other letters and digits become `x`. Text
 *   that it does not match loses them all, and so does text of which the masked form is not masked alike.
 * - A function gives the masked text. Given that it must give it back as it is, for the sinks ask it what is masked.
 *
 * @category Privacy @since 0.1.0
 */
export type MaskPattern = RegExp | ((text: string) => string);

/** The function behind a pattern; it throws `PROCESS` when the user's gives no text. */
export function compilePattern(pattern: MaskPattern): (text: string) => string {
  if (typeof pattern === 'function') return text => requireText(pattern(text));
  const form = new RegExp(pattern.source, `${pattern.flags.replace(/[dgy]/g, '')}d`);
  return text => {
    const masked = maskAround(text, form);
    return maskAround(masked, form) === masked ? masked : maskAll(text);
  };
}

function maskAround(text: string, form: RegExp): string {
  const [, ...groups] = form.exec(text)?.indices ?? [];
  // A group that took no part has no place; one inside another is kept with it.
  const places = groups.filter(place => place !== undefined).sort(([a], [b]) => a - b);
  let result = '';
  let done = 0;
  for (const [from, to] of places) {
    result += maskAll(text.slice(done, Math.max(from, done))) + text.slice(Math.max(from, done), to);
    done = Math.max(to, done);
  }
  return result + maskAll(text.slice(done));
}

function maskAll(text: string): string {
  return text.replace(/[\p{L}\p{N}]/gu, character => 'x'.repeat(character.length));
}

function requireText(masked: unknown): string {
  if (typeof masked === 'string') return masked;
  disregard(masked);
  throw new KafkaRxError('PROCESS', `The pattern of a mask gave something of type ${typeof masked}`, {
    remedy: 'Give back the masked text',
  });
}
