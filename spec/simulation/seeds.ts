/** Runs of the purchase system by seed: each twice, so that a difference between the two is found as a fault of its own. */
import { DrawnChoices } from '../../lib/testing/simulation/choices.js';
import {
  drawProfile,
  type FaultKind,
  type FaultProfile,
  faultKinds,
} from '../../lib/testing/simulation/profile.js';
import { Random } from '../../lib/testing/simulation/random.js';
import { simulateOnce } from '../../lib/testing/simulation/simulation.js';
import type { SimulationOutcome, SimulationParts } from '../../lib/testing/simulation/simulation-parts.js';
import { notOfCounts } from './counts/count-system.js';
import type { Guarantee } from './purchase-workload.js';
import { type AnyWorkload, drawOf, type System, systemOf } from './systems.js';

const maxSteps = 40_000;

export interface SeedRun {
  readonly seed: number;
  readonly profile: FaultProfile;
  readonly workload: AnyWorkload;
  readonly outcome: SimulationOutcome;
}

/** All that a seed says, but for the choices, which are drawn as the run goes. */
export function partsOf(
  seed: number,
  kinds: readonly FaultKind[] = faultKinds,
  guarantee?: Guarantee,
  system: System = 'purchases',
): {
  readonly profile: FaultProfile;
  readonly workload: AnyWorkload;
  readonly parts: Omit<SimulationParts, 'choices'>;
} {
  const allowed = system === 'counts' ? kinds.filter(kind => !notOfCounts.includes(kind)) : kinds;
  const profile = drawProfile(new Random(seed, 'profile'), new Set(allowed));
  const workload = drawOf(system, seed, guarantee);
  return { profile, workload, parts: { ...systemOf(workload), profile, maxSteps } };
}

interface RunOptions {
  readonly twice?: boolean;
  readonly guarantee?: Guarantee | undefined;
  readonly system?: System | undefined;
}

export async function runSeed(
  seed: number,
  kinds?: readonly FaultKind[],
  { twice = true, guarantee, system }: RunOptions = {},
): Promise<SeedRun> {
  const { profile, workload, parts } = partsOf(seed, kinds, guarantee, system);
  const outcome = await simulateOnce({ ...parts, choices: new DrawnChoices(seed) });
  if (!twice || outcome.violation !== undefined) return { seed, profile, workload, outcome };
  const again = await simulateOnce({ ...parts, choices: new DrawnChoices(seed) });
  if (again.hash === outcome.hash && again.steps === outcome.steps)
    return { seed, profile, workload, outcome };
  const message = `two runs of one seed differ: ${outcome.steps} steps (${outcome.hash}) and ${again.steps} (${again.hash})`;
  const violation = { invariant: 'a seed is one run', message, step: again.steps, timeMs: again.timeMs };
  return { seed, profile, workload, outcome: { ...outcome, violation } };
}
