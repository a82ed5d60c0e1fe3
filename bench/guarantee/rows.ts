import type { ContestantName } from '../peers/peer-names.js';
import type { Guarantee } from '../peers/plan.js';

/** What is measured side by side. */
export interface Row {
  readonly title: string;
  readonly name: ContestantName;
  readonly guarantee: Guarantee;
}

/** @param names those that can run here */
export function rowsOf(names: readonly ContestantName[]): readonly Row[] {
  return names.flatMap(name =>
    (['at-least-once', 'exactly-once'] as const).map(guarantee => ({
      title: `${name} ${guarantee}`,
      name,
      guarantee,
    })),
  );
}
