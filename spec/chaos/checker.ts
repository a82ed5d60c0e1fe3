import type { Evidence, Violation } from './evidence.js';
import { changingTopics } from './invariants/changing-topics.js';
import { committedForward } from './invariants/committed-forward.js';
import { delivered } from './invariants/delivered.js';
import { duplicates } from './invariants/duplicates.js';
import { durableBelowCommitted } from './invariants/durable-below-committed.js';
import { keyOrder } from './invariants/key-order.js';
import { liveness } from './invariants/liveness.js';
import { standstill } from './invariants/standstill.js';

const invariants = [
  ...[delivered, durableBelowCommitted, committedForward, duplicates, keyOrder],
  ...[changingTopics, standstill, liveness],
];

/** How often one invariant was broken, and the first breaches. */
export interface Finding {
  readonly invariant: string;
  readonly count: number;
  readonly first: readonly string[];
}

const shown = 10;

/** Judges a run. Pure: the same evidence gives the same findings; none means that all invariants held. */
export function check(evidence: Evidence): readonly Finding[] {
  const found = new Map<string, { count: number; first: string[] }>();
  for (const invariant of invariants) {
    for (const { invariant: name, detail } of invariant(evidence) as Iterable<Violation>) {
      const entry = found.get(name) ?? { count: 0, first: [] };
      found.set(name, entry);
      entry.count++;
      if (entry.first.length < shown) entry.first.push(detail);
    }
  }
  return [...found].map(([invariant, { count, first }]) => ({ invariant, count, first }));
}
