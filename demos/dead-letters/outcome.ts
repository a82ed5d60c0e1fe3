import { shown } from '../purchases/columns.js';
import type { Outcome } from './replay.js';

/** A line for each that could not be replayed, then one that sums up. */
export function asOutcome({ published, alike, already, failed, dryRun }: Outcome): string {
  const lines = failed.map(({ letter, why }) => `${letter}: ${shown(why, 300)}`);
  const done = dryRun ? `${published} could be replayed` : `${published} replayed`;
  const beside = alike === 0 ? '' : ` (and ${alike} ${alike === 1 ? 'letter' : 'letters'} alike)`;
  return `${[...lines, `${done}${beside}, ${already} replayed before, ${failed.length} failed`].join('\n')}\n`;
}

export function asOutcomeJson({ published, alike, already, failed, dryRun }: Outcome): string {
  return `${JSON.stringify({ replayed: published, alike, already, failed, dryRun })}\n`;
}
