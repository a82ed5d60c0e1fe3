/** The users' functions of the goldens; a null prints as `null` inside a text. */

/** What becomes null is deleted. */
function unlessDeleting(value: string | null, made: string): string | null {
  return value === '!' ? null : made;
}

export const aggregate = {
  initial: (): string => '0',
  add: (sum: string, value: string | null): string | null => unlessDeleting(value, `${sum}+${value}`),
};

/** Of the right side of a cogroup. */
export const aggregateRight = {
  initial: aggregate.initial,
  add: (sum: string, value: string | null): string | null => unlessDeleting(value, `${sum}*${value}`),
};

export function reduce(old: string, value: string | null): string | null {
  return unlessDeleting(value, `${old},${value}`);
}

/** Of two sessions that become one. */
export function merge(one: string, other: string): string {
  return `${one}&${other}`;
}

/** The key that a value refers to: what follows its first `>`, or all of it; of `-` none. */
export function reference(value: string): string | null {
  const found = value.slice(value.indexOf('>') + 1);
  return found === '-' ? null : found;
}
