import fc from 'fast-check';
import { isCardNumber, isMaskedCardNumber, looksMasked, maskCardNumber } from '../../lib/card/card-number.js';

const digits = (text: string): string[] => text.match(/\p{Nd}/gu) ?? [];
const card = fc
  .tuple(fc.integer({ min: 13, max: 19 }), fc.constantFrom('', ' ', '-'), fc.integer({ min: 2, max: 6 }))
  .chain(([length, separator, group]) =>
    fc
      .array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length })
      .map(all => (all.join('').match(new RegExp(`.{1,${group}}`, 'g')) ?? []).join(separator)),
  );
const text = fc.oneof(
  card,
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.constantFrom('1', '9', 'x', '-', ' ', '１', '𝟙', 'é'), { maxLength: 40 })
    .map(parts => parts.join('')),
);

describe('maskCardNumber', () => {
  it.each([
    ['1234-5678-1234-1233', 'xxxx-xxxx-xxxx-1233'],
    ['4111111111111111', 'xxxxxxxxxxxx1111'],
    ['3782 822463 10005', 'xxxx xxxxxx x0005'],
    ['4222222222222', 'xxxxxxxxx2222'],
    ['4917610000000000003', 'xxxxxxxxxxxxxxx0003'],
    ['12345678901234567890', 'xxxxxxxxxxxxxxxx7890'],
    ['123456789012', 'xxxxxxxxxxxx'],
    ['1234', 'xxxx'],
    ['xxxx1234', 'xxxxxxxx'],
    ['card 4111 1111 1111 1111!', 'card xxxx xxxx xxxx 1111!'],
    ['４１１１１１１１１１１１１１１１', 'xxxxxxxxxxxx１１１１'],
    ['4.111.111.111.111.111', 'x.xxx.xxx.xxx.xx1.111'],
    ['', ''],
    ['n/a', 'n/a'],
  ])('%s becomes %s', (raw, masked) => {
    expect(maskCardNumber(raw)).toBe(masked);
  });

  it('is idempotent, keeps length and all but digits, and never leaves more than four digits', () => {
    fc.assert(
      fc.property(text, raw => {
        const masked = maskCardNumber(raw);
        expect(maskCardNumber(masked)).toBe(masked);
        expect(masked.length).toBe(raw.length);
        expect(digits(masked).length).toBeLessThanOrEqual(4);
        expect(looksMasked(masked)).toBe(true);
        for (let i = 0; i < raw.length; i++) if (masked[i] !== raw[i]) expect(masked[i]).toBe('x');
      }),
      { numRuns: 5000 },
    );
  });

  it('leaves exactly the last four of every card number, in the form of a masked one', () => {
    fc.assert(
      fc.property(card, raw => {
        expect(isCardNumber(raw)).toBe(true);
        expect(isMaskedCardNumber(raw)).toBe(false);
        expect(looksMasked(raw)).toBe(false);
        const masked = maskCardNumber(raw);
        expect(isMaskedCardNumber(masked)).toBe(true);
        expect(isCardNumber(masked)).toBe(false);
        expect(digits(masked)).toEqual(digits(raw).slice(-4));
      }),
    );
  });
});

describe('isCardNumber, isMaskedCardNumber', () => {
  it.each([
    '',
    '4111',
    '411111111111',
    '12345678901234567890',
    '4111--1111-1111-1111',
    '-4111111111111111',
    '4111111111111111 ',
    '4111.1111.1111.1111',
    '４１１１１１１１１１１１１１１１',
    '4111111111111111x',
  ])('no card number: "%s"', bad => {
    expect(isCardNumber(bad)).toBe(false);
  });

  it.each([
    'xxxx-xxxx-xxxx-12345',
    'xxxx-xxxx-xxxx-1x33',
    '1xxx-xxxx-xxxx-xxxx',
    'xxxx--xxxx-xxxx-1233',
    'xxxx1233',
    'XXXX-XXXX-XXXX-1233',
    'xxxx-xxxx-xxxx-1233-',
  ])('no masked card number: "%s"', bad => {
    expect(isMaskedCardNumber(bad)).toBe(false);
  });

  it('a fully masked one is one', () => {
    expect(isMaskedCardNumber('xxxxxxxxxxxxxxxx')).toBe(true);
  });
});
