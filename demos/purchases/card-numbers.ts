import { type Draw, weighted } from './draws.js';

/**
 * Card numbers that no bank issued: they begin with the first six digits of the card schemes' published test numbers,
 * go on with drawn digits, and end in a valid check digit, as real ones do. Most are written in groups.
 */
interface Form {
  readonly prefix: string;
  /** Lengths of the groups; together 13 to 19 digits. */
  readonly groups: readonly number[];
  readonly separator: '-' | ' ';
}

const sixteen = [4, 4, 4, 4];

/** Lengths: 13 and 16 Visa, 15 American Express, 16 Mastercard and Discover, 19 Visa Electron's long form. */
const anyForm = weighted<Form>([
  [{ prefix: '411111', groups: sixteen, separator: '-' }, 26],
  [{ prefix: '424242', groups: sixteen, separator: '-' }, 18],
  [{ prefix: '555555', groups: sixteen, separator: '-' }, 18],
  [{ prefix: '601111', groups: sixteen, separator: '-' }, 6],
  [{ prefix: '401288', groups: sixteen, separator: ' ' }, 6],
  [{ prefix: '222300', groups: [16], separator: '-' }, 6],
  [{ prefix: '378282', groups: [4, 6, 5], separator: '-' }, 8],
  [{ prefix: '371449', groups: [4, 6, 5], separator: ' ' }, 4],
  [{ prefix: '422222', groups: [13], separator: '-' }, 4],
  [{ prefix: '491761', groups: [19], separator: '-' }, 4],
]);

export function cardNumberFrom(draw: Draw): string {
  const { prefix, groups, separator } = anyForm(draw);
  const length = groups.reduce((sum, group) => sum + group, 0);
  let digits = prefix;
  while (digits.length < length - 1) digits += Math.floor(draw() * 10);
  digits += checkDigit(digits);
  let start = 0;
  return groups
    .map(group => {
      const from = start;
      start += group;
      return digits.slice(from, start);
    })
    .join(separator);
}

/** Luhn's check digit (ISO/IEC 7812-1): from the right, every other digit doubled, to a multiple of ten. */
function checkDigit(digits: string): number {
  let sum = 0;
  for (let i = digits.length - 1, doubled = true; i >= 0; i--, doubled = !doubled) {
    const digit = digits.charCodeAt(i) - 48;
    const twice = digit * 2;
    sum += doubled ? (twice > 9 ? twice - 9 : twice) : digit;
  }
  return (10 - (sum % 10)) % 10;
}
