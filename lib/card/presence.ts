/**
 * Whether a value has a path: `there`, `missing` where a field on the way does not exist, `unknown` where the way ends early
 * in null, undefined or an empty list. One that is missing in all values is misspelt, most likely.
 */
export type Presence = 'there' | 'missing' | 'unknown';

export function presenceOf(value: unknown, segments: readonly string[], depth = 0): Presence {
  const segment = segments[depth];
  if (segment === undefined) return 'there';
  if (value === undefined || value === null) return 'unknown';
  if (typeof value !== 'object') return 'missing';
  if (segment !== '*') {
    if (!(segment in value)) return 'missing';
    // It is there: read as any field is.
    return presenceOf((value as Readonly<Record<string, unknown>>)[segment], segments, depth + 1);
  }
  let presence: Presence = 'unknown';
  for (const inner of Object.values(value)) {
    const one = presenceOf(inner, segments, depth + 1);
    if (one === 'there') return one;
    if (one === 'missing') presence = one;
  }
  return presence;
}
