import type { Violation } from './evidence.js';

/** How often one invariant was broken, and the first breaches. */
export interface Finding {
  readonly invariant: string;
  readonly count: number;
  readonly first: readonly string[];
}

const shown = 10;

/** Breaches counted by the invariant that they break, in the order in which these were broken first. */
export function findingsOf(breaches: readonly Iterable<Violation>[]): readonly Finding[] {
  const found = new Map<string, { count: number; first: string[] }>();
  for (const each of breaches) {
    for (const { invariant: name, detail } of each) {
      const entry = found.get(name) ?? { count: 0, first: [] };
      found.set(name, entry);
      entry.count++;
      if (entry.first.length < shown) entry.first.push(detail);
    }
  }
  return [...found].map(([invariant, { count, first }]) => ({ invariant, count, first }));
}
