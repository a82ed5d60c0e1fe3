import { Buffer } from 'node:buffer';
import { searchCardNumbers } from './search.js';
import { lengthOf, symbolAt } from './symbols.js';

const maskCode = 120; // x

/** What `redact` does, without its checks: errors, which these would throw, are made with it. */
export function redactText(text: string, isStrict = false): string {
  let units: Buffer | undefined;
  searchCardNumbers(text, isStrict, at => {
    units ??= Buffer.from(text, 'utf16le');
    const end = at + lengthOf(symbolAt(text, at));
    for (let i = at; i < end; i++) {
      units[2 * i] = maskCode;
      units[2 * i + 1] = 0;
    }
  });
  return units === undefined ? text : units.toString('utf16le');
}
