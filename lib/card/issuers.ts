/**
 * Which numbers are issued as cards, by their first four digits (ISO/IEC 7812-1), as far as the networks make their
 * ranges public. Where a range is disputed the wider one counts: a number too many is masked rather than one too few.
 */

export const fewestDigits = 13;
export const mostDigits = 19;

interface Range {
  readonly from: number;
  readonly to: number;
  readonly lengths: readonly number[];
  /** The length of nearly all of its cards. */
  readonly usual?: number;
}

const fromSixteen = [16, 17, 18, 19];
const any = [13, 14, 15, ...fromSixteen];

const ranges: readonly Range[] = [
  { from: 1800, to: 1800, lengths: [15], usual: 15 }, // JCB
  { from: 2131, to: 2131, lengths: [15], usual: 15 }, // JCB
  { from: 2200, to: 2204, lengths: fromSixteen, usual: 16 }, // Mir
  { from: 2221, to: 2720, lengths: [16], usual: 16 }, // Mastercard
  { from: 3000, to: 3059, lengths: [14, 15, ...fromSixteen], usual: 14 }, // Diners Club
  { from: 3095, to: 3095, lengths: [14, 15, ...fromSixteen], usual: 14 }, // Diners Club
  { from: 3400, to: 3499, lengths: [15], usual: 15 }, // American Express
  { from: 3528, to: 3589, lengths: fromSixteen, usual: 16 }, // JCB
  { from: 3600, to: 3699, lengths: [14, 15, ...fromSixteen], usual: 14 }, // Diners Club
  { from: 3700, to: 3799, lengths: [15], usual: 15 }, // American Express
  { from: 3800, to: 3999, lengths: [14, 15, ...fromSixteen], usual: 14 }, // Diners Club
  { from: 4000, to: 4999, lengths: [13, 16, 18, 19], usual: 16 }, // Visa
  { from: 5000, to: 5099, lengths: any, usual: 16 }, // Maestro, Elo, RuPay, Verve
  { from: 5100, to: 5599, lengths: [16], usual: 16 }, // Mastercard
  { from: 5600, to: 5899, lengths: any }, // Maestro
  { from: 6000, to: 6099, lengths: any, usual: 16 }, // Discover, RuPay, Hipercard, Maestro
  { from: 6200, to: 6299, lengths: fromSixteen, usual: 16 }, // UnionPay, Discover
  { from: 6300, to: 6399, lengths: any }, // Maestro, InterPayment
  { from: 6400, to: 6599, lengths: fromSixteen, usual: 16 }, // Discover, RuPay, Elo, Troy
  { from: 6700, to: 6799, lengths: any }, // Maestro
  { from: 8100, to: 8299, lengths: fromSixteen, usual: 16 }, // UnionPay, RuPay
  { from: 8600, to: 8600, lengths: [16], usual: 16 }, // Uzcard
  { from: 9792, to: 9792, lengths: [16], usual: 16 }, // Troy
  { from: 9860, to: 9860, lengths: [16], usual: 16 }, // Humo
];

const lengthBits = new Uint32Array(10_000);
const usualLengths = new Uint8Array(10_000);

for (const { from, to, lengths, usual } of ranges) {
  const bits = lengths.reduce((all, length) => all | (1 << length), 0);
  lengthBits.fill(bits, from, to + 1);
  usualLengths.fill(usual ?? 0, from, to + 1);
}

/** The lengths of cards that begin with these four digits: bit 16 for those of 16 digits. 0 where there are none. */
export function issuedLengths(firstFour: number): number {
  return lengthBits[firstFour] ?? 0;
}

/** 0 where there is none. */
export function usualLength(firstFour: number): number {
  return usualLengths[firstFour] ?? 0;
}
