/** Bugs of the store on disk, which runs on a simulated LMDB. */
import type { SeededBug } from './seeded-bug.js';

const lost = /is below the committed \d+ and not in the store/;

export const diskBugs: readonly SeededBug[] = [
  {
    name: 'answer-before-flush',
    what: 'a write is answered once it can be seen, before the disk has flushed it: a crash takes what was committed to Kafka',
    replacements: [
      {
        file: 'lib/stores/lmdb-store.ts',
        find: 'overlappingSync: false,',
        replace: 'overlappingSync: true,',
      },
    ],
    shows: lost,
  },
  {
    name: 'failed-write-passes',
    what: 'a transaction that LMDB could not commit is taken for done',
    replacements: [
      {
        file: 'lib/stores/lmdb-store.ts',
        find: "throw lmdbFailed('write', this.#where, await commitError(error));",
        replace: 'return;',
      },
    ],
    shows: lost,
  },
  {
    name: 'lower-position-noted',
    what: 'a position is noted on disk without a look at the one that stands there',
    replacements: [
      {
        file: 'lib/stores/lmdb-positions.ts',
        find: 'if (noted === undefined || noted < position.offset) this.#put(position);',
        replace: 'this.#put(position);',
      },
    ],
    shows: /positions of a store never go back/,
  },
  {
    name: 'replaced-batch-stays',
    what: 'a batch on disk of which every record came again in others is not removed',
    replacements: [
      {
        file: 'lib/stores/lmdb-bundles.ts',
        find: 'if (!owner.equals(bundle)) gone.push(...this.#lose(owner, taken));',
        replace: 'if (owner === undefined) gone.push(...this.#lose(owner, taken));',
      },
    ],
    shows: /is in two stored batches/,
    // A crash between a write of LMDB and its commit, on a topology with batches, that regroups all of one.
    within: 5_000,
  },
  {
    name: 'count-of-writes',
    what: 'a write of several documents is counted as one',
    replacements: [
      {
        file: 'lib/stores/lmdb-writer.ts',
        find: 'if (this.#file(header, end, values[i] ?? null)) count++;',
        replace: 'if (this.#file(header, end, values[i] ?? null)) count = before + 1;',
      },
    ],
    shows: /documents are counted as/,
  },
];
