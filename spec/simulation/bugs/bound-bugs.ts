/** Bugs for invariants that no bug of another origin breaks: one that nothing breaks might as well not be there. */
import type { SeededBug } from './seeded-bug.js';

export const boundBugs: readonly SeededBug[] = [
  {
    name: 'drain-without-bound',
    what: 'a member gives its partitions up when all that is under way has settled, however long that takes',
    replacements: [
      {
        file: 'lib/app/rebalance.ts',
        find: "    await within(clock, this.settleAndCommit(partitions, 'drain'), boundMs);\n",
        replace: "    await within(clock, this.settleAndCommit(partitions, 'drain'), boundMs * 100);\n",
      },
    ],
    shows: /a drain ends within its bound/,
  },
];
