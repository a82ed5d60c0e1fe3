/**
 * What the characters of a text mean to someone who looks for card numbers: a digit of any script, something that
 * stands between digits, something invisible, or the end of a number; written as itself or escaped.
 */

/** Kinds from 1 to 10 are the digits 0 to 9; then come those that may stand in a number, then the others. */
export const firstDigit = 1;
export const lastDigit = 10;
/** Stands between the digits of a number. */
const separator = 11;
/** A separator that can also be a decimal point. */
export const point = 12;
/** Invisible, or drawn onto the character before: as if it were not there. */
export const invisible = 13;
/** Ends a number. */
const other = 14;
/** May begin an escape; never the kind of a symbol. */
const mayEscape = 15;

/** Kinds by code point, filled in as they are met; 0 is one not met yet. Digits reach up to plane 1. */
const kinds = new Uint8Array(0x20000);

const kindBits = 4;
const oneUnit = 1 << kindBits;

/** The kind within what {@link symbolAt} returns. */
export const kindOf = (symbol: number): number => symbol & (oneUnit - 1);
/** The number of UTF-16 code units within what {@link symbolAt} returns. */
export const lengthOf = (symbol: number): number => symbol >> kindBits;

/** The symbol at an index of the text, packed in one number: the kind and the length. Never throws. */
export function symbolAt(text: string, at: number): number {
  const kind = kinds[text.charCodeAt(at)] ?? 0;
  return kind > 0 && kind < mayEscape ? oneUnit | kind : rareSymbolAt(text, at);
}

/** Whether a plain `4` stands there. */
export function isRawDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

/** Whether the digit there is written as `%34`. */
export function isPercentDigit(text: string, at: number): boolean {
  return text.charCodeAt(at) === 0x25 && text.charCodeAt(at + 1) === 0x33;
}

function rareSymbolAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code === 0x25) return percentAt(text, at);
  if (code === 0x5c) return backslashAt(text, at);
  if (code === 0x26) return entityAt(text, at);
  const codePoint = text.codePointAt(at) ?? 0;
  return packed(kindOfPoint(codePoint), codePoint > 0xffff ? 2 : 1);
}

function packed(kind: number, length: number): number {
  return (length << kindBits) | kind;
}

function kindOfPoint(codePoint: number): number {
  if (codePoint >= kinds.length) return other;
  const known = kinds[codePoint] ?? 0;
  if (known > 0) return known;
  const kind = classify(String.fromCodePoint(codePoint));
  kinds[codePoint] = kind;
  return kind;
}

/** A backslash is one, as JSON writes `\/`; U+FFFD is what became of a byte that was not UTF-8, such as a Latin-1 space. */
const separators = /^[\p{Zs}\p{Pd}/\\_+\u00b7\u2022\u2044\u2212\u2215\ufffd]$/u;

function classify(character: string): number {
  if (character === '%' || character === '\\' || character === '&') return mayEscape;
  const digit = digitOf(character);
  if (digit >= 0) return firstDigit + digit;
  if (/^[\p{Cf}\p{M}\p{DI}]$/u.test(character)) return invisible;
  // The compatibility form of full-width, superscript and circled characters is what they look like.
  const plain = character.normalize('NFKC');
  if (plain === '.') return point;
  if (separators.test(character) || separators.test(plain)) return separator;
  return other;
}

/** Where the digits of a style begin that Unicode counts as no decimal ones: the code point of the first, and its digit. */
const enclosed: readonly (readonly [from: number, to: number, digit: number])[] = [
  [0x2474, 0x247c, 1], // ⑴
  [0x2488, 0x2490, 1], // ⒈
  [0x24f5, 0x24fd, 1], // ⓵
  [0x24ff, 0x24ff, 0], // ⓿
  [0x2776, 0x277e, 1], // ❶
  [0x2780, 0x2788, 1], // ➀
  [0x278a, 0x2792, 1], // ➊
  [0x1f100, 0x1f100, 0], // 🄀
  [0x1f101, 0x1f10a, 0], // 🄁
  [0x1f10b, 0x1f10c, 0], // 🄋
];

/** -1 where it is none. */
function digitOf(character: string): number {
  const codePoint = character.codePointAt(0) ?? 0;
  const style = enclosed.find(([from, to]) => codePoint >= from && codePoint <= to);
  // The two circled zeros stand beside each other.
  if (style !== undefined) return style[0] === 0x1f10b ? 0 : codePoint - style[0] + style[2];
  const plain = character.normalize('NFKC');
  if (/^[0-9]$/.test(plain)) return Number(plain);
  if (!/^\p{Nd}$/u.test(character)) return -1;
  // Unicode keeps the ten digits of a script together, in order: its zero is a multiple of ten below.
  let zero = character.codePointAt(0) ?? 0;
  let steps = 0;
  while (/^\p{Nd}$/u.test(String.fromCodePoint(zero - 1))) {
    zero--;
    steps++;
  }
  return steps % 10;
}

/** What an escape stands for counts only where it is part of a number: `%41` could as well be a `%` before a number. */
function escaped(codePoint: number, length: number): number | undefined {
  const kind = codePoint === 0x5c ? separator : kindOfPoint(codePoint);
  return kind < other ? packed(kind, length) : undefined;
}

/** `%34`, and `%C2%A0` and the like for what is beyond ASCII. */
function percentAt(text: string, at: number): number {
  const first = hexAt(text, at + 1, 2);
  if (first < 0) return packed(other, 1);
  if (first < 0x80) return escaped(first, 3) ?? packed(other, 1);
  const bytes = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  let codePoint = first & (0xff >> (bytes + 1));
  for (let i = 1; i < bytes; i++) {
    const next = text.charCodeAt(at + 3 * i) === 0x25 ? hexAt(text, at + 3 * i + 1, 2) : -1;
    if (next >> 6 !== 2) return packed(other, 1);
    codePoint = (codePoint << 6) | (next & 0x3f);
  }
  return escaped(codePoint, 3 * bytes) ?? packed(other, 1);
}

/** `\u0034`, behind more backslashes where the text was put into JSON again; any others are a separator. */
function backslashAt(text: string, at: number): number {
  const end = backslashesEnd(text, at);
  const unit = unitAt(text, end);
  if (unit >= 0) {
    const low = unit >> 10 === 0x36 ? lowSurrogateAt(text, end + 5) : undefined;
    const symbol =
      low === undefined
        ? escaped(unit, end + 5 - at)
        : escaped(0x10000 + ((unit & 0x3ff) << 10) + (low.unit & 0x3ff), low.end - at);
    if (symbol !== undefined) return symbol;
  }
  return packed(separator, end - at);
}

/** Text that is in JSON four times over has 16 of them. */
const mostBackslashes = 16;

function backslashesEnd(text: string, at: number): number {
  let end = at;
  while (text.charCodeAt(end) === 0x5c && end - at < mostBackslashes) end++;
  return end;
}

/** The unit of `u0034`; -1 where there is none. */
function unitAt(text: string, at: number): number {
  return text.charCodeAt(at) === 0x75 ? hexAt(text, at + 1, 4) : -1;
}

function lowSurrogateAt(text: string, at: number): { unit: number; end: number } | undefined {
  const end = backslashesEnd(text, at);
  const unit = end > at ? unitAt(text, end) : -1;
  return unit >> 10 === 0x37 ? { unit, end: end + 5 } : undefined;
}

const named = [
  ...['nbsp;', 'thinsp;', 'ensp;', 'emsp;', 'ndash;', 'mdash;', 'sol;'].map(name => ({
    name,
    kind: separator,
  })),
  { name: 'period;', kind: point },
  { name: 'shy;', kind: invisible },
] as const;

const longestEntity = '&#0000052;'.length;

/** `&#52;`, `&#x34;`, and the names of spaces and dashes. */
function entityAt(text: string, at: number): number {
  if (text.charCodeAt(at + 1) !== 0x23) {
    const entity = named.find(({ name }) => text.startsWith(name, at + 1));
    return entity === undefined ? packed(other, 1) : packed(entity.kind, 1 + entity.name.length);
  }
  const radix = (text.charCodeAt(at + 2) | 0x20) === 0x78 ? 16 : 10;
  let end = radix === 16 ? at + 3 : at + 2;
  let codePoint = 0;
  for (; end - at < longestEntity; end++) {
    const digit = hexDigit(text.charCodeAt(end));
    if (digit < 0 || digit >= radix) break;
    codePoint = codePoint * radix + digit;
  }
  if (text.charCodeAt(end) !== 0x3b) return packed(other, 1);
  return escaped(codePoint, end + 1 - at) ?? packed(other, 1);
}

/** -1 where one of the characters is no hexadecimal digit. */
function hexAt(text: string, at: number, length: number): number {
  let value = 0;
  for (let i = at; i < at + length; i++) {
    const digit = hexDigit(text.charCodeAt(i));
    if (digit < 0) return -1;
    value = (value << 4) | digit;
  }
  return value;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
