import type { FaultKind } from '../../lib/testing/simulation/profile.js';
import type { Violation } from '../../lib/testing/simulation/simulation-parts.js';
import type { Guarantee } from './purchase-workload.js';
import type { System } from './systems.js';

/** From the command to a process that runs seeds. */
export interface SeedRequest {
  readonly seeds: readonly number[];
  readonly kinds: readonly FaultKind[];
  readonly guarantee?: Guarantee | undefined;
  readonly system?: System | undefined;
  /** Each once, where it is not asked whether a seed is one run. */
  readonly once?: boolean | undefined;
}

/** Back: one for each seed. */
export interface SeedReport {
  readonly seed: number;
  readonly steps: number;
  readonly places: number;
  readonly marks: readonly (readonly [string, number])[];
  readonly violation: Violation | undefined;
}

/** How node runs a worker: a run leaves so much behind that with room for it a sixth of the time is saved. */
export const workerArgv: readonly string[] = ['--max-semi-space-size=32', '--import', 'tsx'];
