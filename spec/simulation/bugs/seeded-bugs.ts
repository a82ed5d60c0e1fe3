import { boundBugs } from './bound-bugs.js';
import { chaosBugs } from './chaos-bugs.js';
import { diskBugs } from './disk-bugs.js';
import { faultRows } from './fault-rows.js';
import type { SeededBug } from './seeded-bug.js';

/** All that the simulator is to find. */
export const seededBugs: readonly SeededBug[] = [...chaosBugs, ...faultRows, ...boundBugs, ...diskBugs];

/** Seeded bugs of spec/chaos that lie in what is not simulated, and why nobody sees them here. */
export const notSimulated: Readonly<Record<string, string>> = {
  'ignore-missing-partition':
    'the kafkajs driver reads which partitions a produce answer leaves out; the embedded broker answers for each by itself',
};
