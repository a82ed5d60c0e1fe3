/** Which systems there are under simulation: what a seed is of each. */
import type { SimulationParts } from '../../lib/testing/simulation/simulation-parts.js';
import { countSystemOf } from './counts/count-system.js';
import { type CountWorkload, drawCounts } from './counts/count-workload.js';
import { purchaseSystemOf } from './purchase-system.js';
import { drawWorkload, type Guarantee, type Workload } from './purchase-workload.js';

export const systems = ['purchases', 'counts'] as const;

export type System = (typeof systems)[number];

export type AnyWorkload = Workload | CountWorkload;

export function drawOf(system: System, seed: number, guarantee: Guarantee = 'at-least-once'): AnyWorkload {
  return system === 'counts' ? drawCounts(seed, guarantee) : drawWorkload(seed, guarantee);
}

/** All that a run of this workload takes but choices and profile. */
export function systemOf(workload: AnyWorkload): Omit<SimulationParts, 'profile' | 'choices' | 'maxSteps'> {
  return 'system' in workload ? countSystemOf(workload) : purchaseSystemOf(workload);
}
