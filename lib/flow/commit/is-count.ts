/** A sequence, an offset, an epoch: what is no number would be added to as text is, and a number with a fraction be in no place. */
export function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
