/** Texts that are the most work for a search for card numbers, by what makes them so. */
const units: Readonly<Record<string, string>> = {
  'one run of digits': '4',
  'digits and spaces': '6 ',
  'digits that begin a Visa, and spaces': '4 ',
  'pairs that begin a card': '60 ',
  'card after card': '4111 1111 1111 1111 ',
  'cards in words': 'card4111111111111111',
  'numbers that are no cards': '6666666666666 ',
  'percent signs': '%',
  'halves of percent escapes': '%3',
  'digits as percent escapes': '%36',
  'spaces as percent escapes': '6%20',
  backslashes: '\\',
  'digits as JSON escapes': '\\u0036',
  'beginnings of entities': '&#',
  'digits as entities': '&#54;',
  'full-width digits': '６',
  'digits beyond the basic plane': '\u{1d7dc}',
  'invisible characters': '6\u200b',
  'too many separators': '6    ',
  emoji: '😀',
  prose: 'the quick brown fox ',
};

/** Each case in `length` UTF-16 units. */
export function worstCases(length: number): readonly { readonly name: string; readonly text: string }[] {
  return Object.entries(units).map(([name, unit]) => {
    const text = unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
    // Repeated text is a rope of pieces: flat, as text that was read is.
    return { name, text: Buffer.from(text, 'utf16le').toString('utf16le') };
  });
}
