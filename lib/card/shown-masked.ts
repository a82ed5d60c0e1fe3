import { redactText } from './redact-text.js';

/** As `mask` leaves a card's number: letters x, and the last four digits. */
const shown = /((?:x[ -]?){9,})(\d)[ -]?(\d)[ -]?(\d)[ -]?(\d)(?!\d)/g;

/**
 * Whether one text has the number of a card of which the other shows the masked form: what was hidden there stands here, and
 * whoever has both has lost nothing.
 *
 * @param text 13 digits in it, or more, are a number
 */
export function hasNumberShownMasked(text: string, masked: string): boolean {
  const ends = endsIn(redactText(text, true).normalize('NFKC'));
  if (ends.size === 0) return false;
  for (const end of endsIn(masked)) if (ends.has(end)) return true;
  return false;
}

function endsIn(text: string): ReadonlySet<string> {
  // So many hidden digits, and these: another number that ends alike is mostly not as long.
  return new Set(
    Array.from(
      text.matchAll(shown),
      ([, hidden, ...digits]) => hidden?.replace(/[^x]/g, '') + digits.join(''),
    ),
  );
}
