import { searchCardNumbers } from './search.js';

/**
 * Whether a text that is no JSON as a whole, but has JSON in it (behind a schema's number, between other text, cut off, within
 * JSON at any depth), has a card number under a name, as `redact` finds them. The name may be written in escapes.
 */
export function cardUnderName(text: string, name: string, strict: boolean): boolean {
  const names = patternOf(name);
  for (let found = names.exec(text); found !== null; found = names.exec(text)) {
    const from = found.index + found[0].length;
    const end = endOfValue(text, from);
    if (searchCardNumbers(text.slice(from, end), strict)) return true;
    // What was looked at is not looked at again, however many of the name are in it.
    names.lastIndex = end;
  }
  return false;
}

const patterns = new Map<string, RegExp>();

/** A quote, the name in any way of writing it, a quote, a colon; each behind as many backslashes as JSON within JSON has. */
function patternOf(name: string): RegExp {
  let pattern = patterns.get(name);
  if (pattern === undefined) {
    const written = Array.from({ length: name.length }, (_, i) => inAnyWay(name[i] ?? '')).join('');
    pattern = new RegExp(String.raw`"${written}\\*"(?:\s|\\+[nrt])*:(?:\s|\\+[nrt])*`, 'g');
    // Names of masked fields: few, and the topology's own.
    patterns.set(name, pattern);
  }
  pattern.lastIndex = 0;
  return pattern;
}

const short: Readonly<Record<string, string>> = { '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't' };

function inAnyWay(unit: string): string {
  const code = unit.charCodeAt(0).toString(16).padStart(4, '0');
  const hex = Array.from(code, digit => (/\d/.test(digit) ? digit : `[${digit}${digit.toUpperCase()}]`)).join(
    '',
  );
  const plain = String.raw`\u${code}`;
  const letter = short[unit];
  return `(?:${plain}|${String.raw`\\+u${hex}`}|${String.raw`\\+`}${letter ?? plain})`;
}

/** Where the value that begins there ends: text, a number, or a list or object with all that is in it. */
function endOfValue(text: string, from: number): number {
  let depth = 0;
  let at = from;
  do {
    const backslashes = countBackslashes(text, at);
    const unit = text[at + backslashes];
    if (unit === undefined) return text.length;
    if (unit === '"') at = endOfText(text, at + backslashes + 1, backslashes);
    else {
      if (unit === '{' || unit === '[') depth++;
      else if (unit === '}' || unit === ']') depth--;
      else if (depth === 0) return endOfWord(text, at);
      at += backslashes + 1;
    }
  } while (depth > 0);
  return at;
}

/** Behind the quote that has no more backslashes before it than the one that began the text. */
function endOfText(text: string, from: number, backslashes: number): number {
  let at = from;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote === -1) return text.length;
    let before = 0;
    while (text[quote - before - 1] === '\\' && quote - before > from) before++;
    at = quote + 1;
    const ends = backslashes === 0 ? before % 2 === 0 : before < 2 * backslashes + 1;
    if (ends) return at;
  }
}

function endOfWord(text: string, from: number): number {
  let at = from;
  while (at < text.length && !',}]\n'.includes(text[at] ?? '')) at++;
  return Math.max(at, from + 1);
}

function countBackslashes(text: string, from: number): number {
  let count = 0;
  while (text[from + count] === '\\') count++;
  return count;
}
