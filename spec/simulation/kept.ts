/**
 * Runs that showed a fault once, and are repeated for ever: `kept.jsonl`. Each is whole in itself, so that it stays the same run when
 * what seeds stand for changes; `npm run simulate` prints the line to add.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChosenValues, NotedChoices } from '../../lib/testing/simulation/choices.js';
import type { FaultProfile } from '../../lib/testing/simulation/profile.js';
import type { Case } from '../../lib/testing/simulation/shrink.js';
import { simulateOnce } from '../../lib/testing/simulation/simulation.js';
import type { SimulationOutcome } from '../../lib/testing/simulation/simulation-parts.js';
import { repository } from '../commands/command.js';
import { runSeed } from './seeds.js';
import { type AnyWorkload, systemOf } from './systems.js';

const maxSteps = 40_000;

export interface KeptRun {
  /** What was wrong, and the commit that mended it. */
  readonly showed: string;
  readonly seed: number;
  readonly workload: AnyWorkload;
  readonly profile: FaultProfile;
  /** Made simple; whatever is not named is plain. */
  readonly chosen: ChosenValues;
}

export async function keptRuns(): Promise<readonly (KeptRun | KeptSeed)[]> {
  const text = await readFile(join(repository, 'spec/simulation/kept.jsonl'), 'utf8');
  // Written by this module, and by hand only as to `showed`.
  return text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as KeptRun | KeptSeed);
}

/** Of before runs were kept whole: what the seed stands for today. */
export type KeptSeed = Pick<KeptRun, 'showed' | 'seed'>;

/** The line to add. */
export function lineToKeep(
  { seed, workload, profile }: Omit<KeptRun, 'showed' | 'chosen'>,
  { inputs, chosen }: Case,
  showed: string,
): string {
  const kept: KeptRun = { showed, seed, workload: { ...workload, inputs }, profile, chosen };
  return JSON.stringify(kept);
}

export async function runKept(kept: KeptRun | KeptSeed): Promise<SimulationOutcome> {
  if (!('chosen' in kept)) return (await runSeed(kept.seed)).outcome;
  const { workload, profile, chosen } = kept;
  return simulateOnce({ ...systemOf(workload), profile, maxSteps, choices: new NotedChoices(chosen) });
}
