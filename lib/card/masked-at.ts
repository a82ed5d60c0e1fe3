/**
 * Whether plain data has only masked text at a path, or nothing. Text is asked about, a number as the text that it would
 * be; a boolean holds no card. Anything else at the end of a path was never masked: it does not pass.
 *
 * @param value plain: what `JSON.parse` gives, or a copy. What has accessors may answer differently the next time
 */
export function isMaskedAt(
  value: unknown,
  segments: readonly string[],
  depth: number,
  isMasked: (text: string) => boolean,
): boolean {
  if (value === undefined || value === null) return true;
  const segment = segments[depth];
  if (segment === undefined) return isMaskedLeaf(value, isMasked);
  if (typeof value !== 'object') return true;
  if (segment === '*') {
    return Object.values(value).every(item => isMaskedAt(item, segments, depth + 1, isMasked));
  }
  // Read first: most values have no such field, and asking whether one is its own costs more than reading it.
  const inner = (value as Readonly<Record<string, unknown>>)[segment];
  return isMaskedAt(inner, segments, depth + 1, isMasked) || !Object.hasOwn(value, segment);
}

/** What stands at the end of a path. */
export function isMaskedLeaf(value: unknown, isMasked: (text: string) => boolean): boolean {
  if (typeof value === 'string') return isMasked(value);
  if (value === undefined || value === null || typeof value === 'boolean') return true;
  return (typeof value === 'number' || typeof value === 'bigint') && isMasked(String(value));
}
