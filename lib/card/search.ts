import { followsPoint, type Hide, mayStart, NumberRun, readTwice, startsGroup } from './number-run.js';
import {
  firstDigit,
  invisible,
  isPercentDigit,
  isRawDigit,
  kindOf,
  lastDigit,
  lengthOf,
  point,
  symbolAt,
} from './symbols.js';

/** `4111 - 1111`: so many may stand between two digits of a number. */
const mostSeparators = 3;

/** Nothing here waits or calls back, so that one is enough. */
const run = new NumberRun();

/**
 * Finds the card numbers of a text, in one pass: what `redact` masks and what the sinks' guard refuses in scan mode.
 * Linear in the text, never throws.
 *
 * @param strict takes every run of 13 digits or more for one, see `redact`
 * @param hide is told where each symbol begins that has to be hidden; without it the search ends at the first number
 * @returns whether there was any
 */
export function searchCardNumbers(text: string, strict: boolean, hide?: Hide): boolean {
  const { length } = text;
  let found = false;
  let separators = 0;
  let marks = startsGroup;
  for (let at = 0; at < length; ) {
    const symbol = symbolAt(text, at);
    const kind = kindOf(symbol);
    if (kind <= lastDigit) {
      addDigit(text, at, kind - firstDigit, marks);
      marks = 0;
      separators = 0;
    } else if (run.count > 0 && kind !== invisible) {
      separators++;
      if (kind <= point && separators <= mostSeparators) {
        marks = startsGroup | (kind === point && separators === 1 ? followsPoint : 0);
      } else {
        found = run.search(strict, hide) || found;
        run.clear();
        if (found && hide === undefined) return true;
        marks = startsGroup;
        separators = 0;
      }
    }
    at += lengthOf(symbol);
  }
  found = run.search(strict, hide) || found;
  run.clear();
  return found;
}

/** `LIKE '%3782…'`: a `%34` before raw digits is read as it decodes, and as a `%` before a number. */
function addDigit(text: string, at: number, digit: number, marks: number): void {
  if (!isPercentDigit(text, at) || !isRawDigit(text, at + 3)) {
    run.add(digit, marks, at);
  } else if (run.count > 0) {
    run.add(digit, marks | readTwice, at);
  } else {
    run.add(3, startsGroup, at + 1);
    run.add(digit, mayStart, at + 2);
  }
}
