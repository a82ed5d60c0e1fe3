import type { Guarantee } from '../purchase-workload.js';
import type { System } from '../systems.js';
import { boundBugs } from './bound-bugs.js';
import { chaosBugs } from './chaos-bugs.js';
import { diskBugs } from './disk-bugs.js';
import { faultRows } from './fault-rows.js';
import { inputBugs } from './input-bugs.js';
import type { SeededBug } from './seeded-bug.js';
import { stateBugs } from './state-bugs.js';
import { unitBugs } from './unit-bugs.js';

/** All that the simulator is to find. */
export const seededBugs: readonly SeededBug[] = [
  ...chaosBugs,
  ...faultRows,
  ...boundBugs,
  ...diskBugs,
  ...inputBugs,
  ...unitBugs,
  ...stateBugs,
];

/** Those that are looked for in this system under this guarantee. */
export function bugsOf(guarantee: Guarantee, system: System = 'purchases'): readonly SeededBug[] {
  return seededBugs.filter(
    bug => (bug.guarantee ?? 'at-least-once') === guarantee && (bug.system ?? 'purchases') === system,
  );
}

/** Seeded bugs of spec/chaos that lie in what is not simulated, and why nobody sees them here. */
export const notSimulated: Readonly<Record<string, string>> = {
  'ignore-missing-partition':
    'the kafkajs driver reads which partitions a produce answer leaves out; the embedded broker answers for each by itself',
};
