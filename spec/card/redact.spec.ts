import fc from 'fast-check';
import { redact } from 'kafka-rx';
import { containsCardNumber } from '../../lib/card/scan.js';
import { worstCases } from './worst-cases.js';

/** Published test numbers of the networks: all pass Luhn's sum. */
const cards = [
  '4111111111111111',
  '4242424242424242',
  '4012888888881881',
  '4222222222222',
  '4917610000000000003',
  '5555555555554444',
  '2223003122003222',
  '378282246310005',
  '371449635398431',
  '6011111111111117',
  '30569309025904',
  '38520000023237',
  '3530111333300000',
  '6200000000000005',
  '6304000000000000',
  '6304000000000000000',
  '6759649826438453',
] as const;

const masked = (card: string): string => 'x'.repeat(card.length - 4) + card.slice(-4);
const arabic = (card: string): string =>
  card.replace(/\d/g, digit => String.fromCodePoint(0x660 + Number(digit)));
const fullWidth = (card: string): string =>
  card.replace(/\d/g, digit => String.fromCodePoint(0xff10 + Number(digit)));
const inFours = (card: string, separator: string): string => (card.match(/.{1,4}/g) ?? []).join(separator);
/** Every character escaped by itself. */
const escaped = (card: string, each: (code: number) => string): string =>
  [...card].map(character => each(character.charCodeAt(0))).join('');
const percent = (code: number): string => `%${code.toString(16)}`;
const inJson = (code: number): string => `\\u${code.toString(16).padStart(4, '0')}`;
const entity = (code: number): string => `&#${code};`;

/** Whether the digits are all gone but for the last four, however they are written. */
function expectRedacted(text: string, digit: (value: string) => string, card: string): void {
  const result = redact(text);
  expect(result).toHaveLength(text.length);
  expect(result.endsWith([...card.slice(-4)].map(digit).join(''))).toBe(true);
  expect(result).not.toContain([...card.slice(0, 5)].map(digit).join(''));
  expect(redact(result)).toBe(result);
  expect(containsCardNumber(Buffer.from(text))).toBe(true);
  expect(containsCardNumber(Buffer.from(result))).toBe(false);
}

describe('redact', () => {
  describe.each(cards)('%s', card => {
    test.each([
      ['alone', (number: string) => number],
      ['in a word', (number: string) => `card_${number}x`],
      ['in JSON', (number: string) => `{"card":"${number}","n":1700000000000}`],
      ['after other groups of digits', (number: string) => `order 12345 ${number} 12/27`],
      ['after a % as in SQL', (number: string) => `LIKE '%${number}%'`],
      ['after a point', (number: string) => `1. ${number}.`],
      ['on a line between others', (number: string) => `a\n${number}\r\nb`],
    ])('%s', (_, around) => {
      expect(redact(around(card))).toBe(around(masked(card)));
      expect(containsCardNumber(Buffer.from(around(card)))).toBe(true);
      expect(containsCardNumber(Buffer.from(around(masked(card))))).toBe(false);
    });

    test.each([
      ' ',
      '-',
      '.',
      '/',
      '_',
      '+',
      '\u00a0',
      '\u2009',
      '\u2011',
      '\u2212',
      ' - ',
      '\\/',
      '\u00ad',
      '\u200b',
    ])('in fours with %j between', separator => {
      const result = redact(inFours(card, separator));
      expect(result).toBe(restored(result, inFours(card, separator)));
      expect(result.replace(/[^0-9]/g, '')).toBe(card.slice(-4));
    });

    test.each<[string, string, (value: string) => string]>([
      ['Arabic-Indic', arabic(card), arabic],
      ['full-width', fullWidth(card), fullWidth],
      ['percent-encoded', escaped(card, percent), value => escaped(value, percent)],
      ['with percent-encoded spaces', inFours(card, '%20'), value => value],
      ['in JSON escapes', escaped(card, inJson), value => escaped(value, inJson)],
      ['in entities', escaped(card, entity), value => escaped(value, entity)],
    ])('%s', (how, text, digit) => {
      if (how.startsWith('with')) expect(redact(text).replace(/%20|[^0-9]/g, '')).toBe(card.slice(-4));
      else expectRedacted(text, digit, card);
    });
  });

  test.each([
    ['a longer number: its code stuck to it', '4111111111111111123', 'xxxxxxxxxxxxxxx1123'],
    ['zeros before it', '0004111111111111111', 'xxxxxxxxxxxxxxx1111'],
    ['a run of 20 digits', 'id 12345678901234567890.', 'id xxxxxxxxxxxxxxxx7890.'],
    ['two cards', '4111111111111111 5555-5555-5555-4444', 'xxxxxxxxxxxx1111 xxxx-xxxx-xxxx-4444'],
    ['a mistaken one across a real one', '5 4111 1111 1111 1111', '5 xxxx xxxx xxxx 1111'],
    [
      'a Latin-1 space',
      Buffer.from('4111 1111 1111 1111'.replaceAll(' ', '\xa0'), 'latin1').toString(),
      'xxxx\ufffdxxxx\ufffdxxxx\ufffd1111',
    ],
    ['surrogate halves', '\ud800 4111111111111111 \udc00', '\ud800 xxxxxxxxxxxx1111 \udc00'],
    ['twice in JSON', String.raw`\\u0034111111111111111`, 'xxxxxxxxxxxxxxxxxx1111'],
    [
      'a digit of the next plane in JSON',
      String.raw`\ud835\udfd2111111111111111`,
      'xxxxxxxxxxxxxxxxxxxxxxx1111',
    ],
  ])('%s', (_, text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  test.each([
    ['negative circled', 0x2776],
    ['circled sans-serif', 0x2780],
    ['negative circled sans-serif', 0x278a],
    ['double circled', 0x24f5],
    ['circled', 0x2460],
    ['parenthesised', 0x2474],
    ['with a full stop', 0x2488],
    ['with a comma', 0x1f102],
  ])('%s digits from 1 to 9', (_, one) => {
    const styled = Array.from('5555555555554444', digit =>
      String.fromCodePoint(one + Number(digit) - 1),
    ).join('');
    const result = redact(styled);
    expect(result).not.toBe(styled);
    expect(Array.from(result.replaceAll('x', '')).length).toBe(4);
  });

  test.each(['\u24ff', '\u24ea', '\u{1f100}', '\u{1f101}', '\u{1f10b}', '\u{1f10c}'])('the zero %s', zero => {
    expect(redact(`4${zero.repeat(14)}2`)).toMatch(/^x+[^x]{3,8}2$/u);
  });

  test.each(['\u115f', '\u1160', '\u3164', '\uffa0', '\u2060'])('the invisible %j does not count', filler => {
    expect(redact(Array.from('4111111111111111').join(filler))).toMatch(/^x/);
  });

  test('an escape that can be read in two ways is not the first thing that stays', () => {
    // What would stay of the Visa, %37001, reads as 37001 with the rest: an American Express card.
    const result = redact('411111111111%37001 0000000001');
    expect(result).toBe('xxxxxxxxxxxxxxx001 0000000001');
    expect(redact(result)).toBe(result);
  });

  test.each([
    ['fails the sum', '4111111111111112'],
    ['no issuer', '0000000000000000 8888888888888888'],
    ['timestamps in ms, µs and ns', '1700000000000 1700000000000000 1700000000000000000'],
    ['a fraction', '0.4111111111111111'],
    ['a date and time', '2024-01-15T12:30:45.123Z 2024-01-15 12.30.45'],
    ['a masked card', 'xxxx-xxxx-xxxx-1111'],
    ['a UUID', '3f2504e0-4f89-11d3-9a0c-0305e82c3301'],
    ['four separators', '4111    1111    1111    1111'],
    ['other characters between', '4111,1111,1111,1111'],
    ['a longer group that begins with others', '14111111111111111'],
  ])('leaves alone what is none: %s', (_, text) => {
    expect(redact(text)).toBe(text);
    expect(containsCardNumber(Buffer.from(text))).toBe(false);
  });

  test.each([
    ['4111111111111112', 'xxxxxxxxxxxx1112'],
    ['14111111111111111', 'xxxxxxxxxxxxx1111'],
    ['1700000000000', 'xxxxxxxxx0000'],
    ['170000000000', '170000000000'],
    ['12-34-56-78-90-12-3', 'xx-xx-xx-xx-x0-12-3'],
  ])('strict masks every run of 13 digits or more: %s', (text, expected) => {
    expect(redact(text, { strict: true })).toBe(expected);
  });

  const pieces = [
    ...'0123456789',
    ...' -./x%&#;:\\',
    ...[
      '4111',
      '111',
      '37',
      '%3',
      '%34',
      '%20',
      '%C2%A0',
      '\\u0034',
      '\\u00a0',
      '\\\\u0035',
      '&#52;',
      '&#x34;',
      '&nbsp;',
    ],
    ...[
      '４',
      '٤',
      '𝟜',
      '²',
      '\u200b',
      '\u00a0',
      '\ufffd',
      '\ud800',
      '\udc00',
      '😀',
      '\\ud835\\udfd2',
      '00000',
      '411111111111',
    ],
    ...cards,
  ];
  const anyText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.nat(0xffff), { maxLength: 60 }).map(units => String.fromCharCode(...units)),
    fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map(parts => parts.join('')),
    fc
      .array(fc.constantFrom('4', '0', '6', '1', '5', '37', ' ', '.', '%3', '%34'), {
        minLength: 13,
        maxLength: 60,
      })
      .map(parts => parts.join('')),
  );

  test.each([false, true])(
    'never throws, keeps the length, hides by x only, and changes nothing the second time (strict %s)',
    strict => {
      fc.assert(
        fc.property(anyText, text => {
          const result = redact(text, { strict });
          expect(result).toHaveLength(text.length);
          expect(result).toBe(restored(result, text));
          expect(redact(result, { strict })).toBe(result);
        }),
        { numRuns: 20_000 },
      );
    },
  );

  test('and the guard finds what redact masks, in the bytes of the text', () => {
    fc.assert(
      fc.property(anyText, text => {
        const wellFormed = Buffer.from(text).toString();
        expect(containsCardNumber(Buffer.from(text))).toBe(redact(wellFormed) !== wellFormed);
      }),
      { numRuns: 10_000 },
    );
  });

  test('leaves no more than the last four digits of a card, whatever is beside it', () => {
    const beside = fc
      .array(fc.constantFrom(...'0123456789', ' ', '-', 'a', '12 ', '5105 '), { maxLength: 20 })
      .map(parts => parts.join(''));
    const grouped = fc
      .tuple(fc.constantFrom(...cards), fc.constantFrom('', ' ', '-', ' - '), fc.integer({ min: 1, max: 6 }))
      .map(([card, separator, size]) => (card.match(new RegExp(`.{1,${size}}`, 'g')) ?? []).join(separator));
    fc.assert(
      fc.property(beside, grouped, beside, (before, card, after) => {
        const text = `${before} ${card} ${after}`;
        const inIt = redact(text).slice(before.length + 1, before.length + 1 + card.length);
        expect(inIt.replace(/[^0-9]/g, '').length).toBeLessThanOrEqual(4);
      }),
      { numRuns: 10_000 },
    );
  });

  test('strict leaves no run of 13 digits', () => {
    fc.assert(
      fc.property(anyText, text => {
        // The digits of an escape are read as what they stand for.
        fc.pre(!/[%\\&]/.test(text));
        expect(redact(text, { strict: true })).not.toMatch(/(?:[0-9][ -]?){13}/);
      }),
      { numRuns: 10_000 },
    );
  });

  test('text without a run of 13 digits stays as it is', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,5}[0-9]{0,12}$/), { maxLength: 20 }), words => {
        const text = words.join(', ');
        expect(redact(text)).toBe(text);
        expect(redact(text, { strict: true })).toBe(text);
      }),
    );
  });

  test('is linear: ten times the text takes no more than some ten times the time', () => {
    // Of the processor, which other work on the machine does not take.
    const time = (text: string): number => {
      const from = process.cpuUsage();
      redact(text);
      const { user, system } = process.cpuUsage(from);
      return (user + system) / 1000;
    };
    const small = worstCases(20_000);
    for (const { name, text } of worstCases(200_000)) {
      const one = small.find(other => other.name === name)?.text ?? '';
      const ms = Math.min(...[1, 2, 3].map(() => time(one)));
      // Quadratic would be a hundred times; the floor covers what the clock and the machine add.
      expect(Math.min(...[1, 2, 3].map(() => time(text)))).toBeLessThan(40 * Math.max(ms, 1));
    }
  });
});

/** The text with an x wherever the result has one: equal to the result when nothing else was changed. */
function restored(result: string, text: string): string {
  let expected = '';
  for (let i = 0; i < text.length; i++) expected += result[i] === 'x' ? 'x' : text[i];
  return expected;
}
