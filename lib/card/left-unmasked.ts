import { searchCardNumbers } from './search.js';

/**
 * Whether a path that ended early in a value leaves a card's number there: what it was to mask stands a level higher or lower
 * than it says, as text in the place of an object, or in a list, a Map or a Set where it names a field.
 *
 * Only what is a number as a whole counts, 13 digits or more without a letter: in the place of an object other text may well
 * stand, such as an id.
 */
export function isLeftUnmasked(value: unknown, segments: readonly string[], depth = 0): boolean {
  if (typeof value === 'string') return !anyLetter.test(value) && searchCardNumbers(value, true);
  if (typeof value === 'number' || typeof value === 'bigint') return searchCardNumbers(String(value), true);
  const segment = segments[depth];
  if (typeof value !== 'object' || value === null || segment === undefined) return false;
  if (Array.isArray(value) && segment !== '*' && !isIndex(segment)) {
    return value.some(item => isLeftUnmasked(item, segments, depth));
  }
  const inner =
    segment === '*' ? Object.values(value) : Object.hasOwn(value, segment) ? [read(value, segment)] : [];
  return inner.some(item => isLeftUnmasked(item, segments, depth + 1));
}

/** Whether a step of a path is one item's place in a list. */
export function isIndex(segment: string): boolean {
  return /^(?:0|[1-9]\d{0,9})$/.test(segment);
}

const anyLetter = /\p{L}/u;

function read(value: object, segment: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[segment];
}
