/** Card numbers planted in every place of a record, in every length and in eight encodings; and a scan that finds them. */
import { type Header, noHeaders } from '../../lib/record/headers.js';
import { type HostileRecord, purchase } from './corpus.js';

export interface Planted extends Pick<HostileRecord, 'what' | 'key' | 'value' | 'headers'> {
  /** The card's digits. */
  readonly card: string;
}

const lengths = [13, 14, 15, 16, 17, 18, 19] as const;

/** An issuer's first digits for each length. */
const issuers: Readonly<Record<number, string>> = {
  13: '4',
  14: '36',
  15: '37',
  16: '51',
  17: '6304',
  18: '6304',
  19: '62',
};

const encodings: Readonly<Record<string, (digits: string) => string>> = {
  plain: digits => digits,
  dashes: digits => grouped(digits, '-'),
  blanks: digits => grouped(digits, ' '),
  dots: digits => grouped(digits, '.'),
  fullwidth: digits => shifted(digits, 0xff10),
  'arabic-indic': digits => shifted(digits, 0x0660),
  percent: digits => digits.replaceAll(/\d/g, '%3$&'),
  'inside a word': digits => `card${digits}end`,
};

const fields = [
  'cardNumber',
  'customerId',
  'storeId',
  'zipCode',
  'item',
  'department',
  'purchasedAt',
] as const;

/** Every length, encoding and place once, each with a card of its own. */
export function plantedRecords(): readonly Planted[] {
  const planted: Planted[] = [];
  let next = 0;
  const plant = (what: string, length: number, make: (card: string) => Partial<Planted>) => {
    const card = cardOf(length, next++);
    const id = `planted-${planted.length}`;
    const rest = { key: Buffer.from(id), value: bytesOf(purchase(id)), headers: noHeaders };
    planted.push({ what, card, ...rest, ...make(card) });
  };
  for (const length of lengths) {
    for (const [encoding, encode] of Object.entries(encodings)) {
      const what = `${length} digits, ${encoding}`;
      for (const field of fields) {
        plant(`${what}, ${field}`, length, card => ({
          value: bytesOf({ ...purchase('c'), [field]: encode(card) }),
        }));
      }
      plant(`${what}, undeclared field`, length, card => ({
        value: bytesOf({
          ...purchase('c'),
          memo: encode(card),
          [encode(card)]: { [encode(card)]: [encode(card)] },
        }),
      }));
      plant(`${what}, escaped`, length, card => ({
        value: Buffer.from(
          JSON.stringify({ ...purchase('c'), item: '@' }).replace(
            '@',
            encode(card).replaceAll(/./gsu, escaped),
          ),
        ),
      }));
      plant(`${what}, not JSON`, length, card => ({ value: Buffer.from(`{"cardNumber":"${encode(card)}"`) }));
      plant(`${what}, not UTF-8`, length, card => ({
        value: Buffer.concat([Buffer.from(encode(card)), Buffer.from([0xff])]),
      }));
      plant(`${what}, of the wrong type`, length, card => ({
        value: bytesOf({ ...purchase('c'), quantity: encode(card) }),
      }));
      plant(`${what}, key`, length, card => ({ key: Buffer.from(encode(card)) }));
      plant(`${what}, key of a bad record`, length, card => ({
        key: Buffer.from(encode(card)),
        value: Buffer.from('{'),
      }));
      plant(`${what}, headers`, length, card => ({ headers: headersOf(encode(card)) }));
      plant(`${what}, headers of a bad record`, length, card => ({
        headers: headersOf(encode(card)),
        value: Buffer.from('{'),
      }));
    }
  }
  return planted;
}

/** Finds planted cards in bytes, in any of the encodings above, and as UTF-16 and JSON escapes too. */
export class CardScan {
  readonly #cards: ReadonlySet<string>;

  constructor(planted: readonly Planted[]) {
    this.#cards = new Set(planted.map(({ card }) => card));
  }

  in(bytes: Buffer): ReadonlySet<string> {
    const found = new Set<string>();
    const text = bytes.toString('latin1');
    for (const reading of [text, text.replaceAll('\0', '')]) {
      const ascii = reading
        .replaceAll(/\xef\xbc[\x90-\x99]/g, digit => String(digit.charCodeAt(2) - 0x90))
        .replaceAll(/\xd9[\xa0-\xa9]/g, digit => String(digit.charCodeAt(1) - 0xa0))
        .replaceAll(/\\+u00([0-7][\da-f])/gi, (_, hex: string) =>
          String.fromCharCode(Number.parseInt(hex, 16)),
        )
        .replaceAll(/\\+u(?:ff1|066)(\d)/gi, '$1')
        .replaceAll(/%3(\d)/g, '$1');
      for (const [run] of ascii.matchAll(/\d(?:[ .-]?\d){12,}/g))
        this.#windows(run.replaceAll(/\D/g, ''), found);
    }
    return found;
  }

  #windows(digits: string, found: Set<string>): void {
    for (let from = 0; from + 13 <= digits.length; from++) {
      for (let length = 13; length <= 19; length++) {
        const window = digits.slice(from, from + length);
        if (this.#cards.has(window)) found.add(window);
      }
    }
  }
}

function headersOf(text: string): readonly Header[] {
  return [
    { key: text, value: Buffer.from('x') },
    { key: 'note', value: Buffer.from(text) },
  ];
}

/** Number `index` of an issuer's cards, with its check digit. */
function cardOf(length: number, index: number): string {
  const issuer = issuers[length] ?? '4';
  const body = issuer + String(index * 7919 + 104_729).padStart(length - 1 - issuer.length, '8');
  const sum = [...body].reverse().reduce((total, digit, at) => {
    const doubled = Number(digit) * (at % 2 === 0 ? 2 : 1);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return body + String((10 - (sum % 10)) % 10);
}

function grouped(digits: string, separator: string): string {
  return (digits.match(/\d{1,4}/g) ?? []).join(separator);
}

function shifted(digits: string, zero: number): string {
  return digits.replaceAll(/\d/g, digit => String.fromCodePoint(zero + Number(digit)));
}

function escaped(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function bytesOf(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
