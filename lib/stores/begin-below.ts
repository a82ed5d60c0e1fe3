import type { BeginBelow, StorePosition } from './port.js';

/** Where a partition begins that is still to be brought again. @see StorePositions.beginBelow */
export function lowerOf(start: StorePosition, noted: BeginBelow | undefined): StorePosition {
  return noted === undefined || noted.offset >= start.offset ? start : { ...start, offset: noted.offset };
}

/** One begin after another that nobody came to the end of. */
export function mergedBegin(begin: BeginBelow, noted: BeginBelow | undefined): BeginBelow {
  if (noted === undefined) return begin;
  const offset = Math.min(begin.offset, noted.offset);
  return { ...begin, offset, instead: Math.max(begin.instead, noted.instead) };
}
