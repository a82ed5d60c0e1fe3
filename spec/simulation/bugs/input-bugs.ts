/** Bugs of tasks of several inputs: what such a task waits for, and for how long. */
import type { SeededBug } from './seeded-bug.js';

const outOfTurn = / was handed .* behind .*, when .* was not known to be at its end/;

export const inputBugs: readonly SeededBug[] = [
  {
    name: 'awaited-is-bounded',
    what: 'the common bound of the intake keeps an input, too, that its task waits for with records of the other in hand',
    guarantee: 'exactly-once',
    replacements: [
      {
        file: 'lib/flow/source/intake.ts',
        find: 'if (!this.#full || lane === undefined) return;',
        replace: 'if (this.#full || lane === undefined) return;',
      },
    ],
    shows: /^everything comes to rest: |^health\(\) says why/,
  },
  {
    name: 'unanswered-is-end',
    what: 'an input of which no answer has come yet is taken for one that is at its end',
    replacements: [
      {
        file: 'lib/flow/source/partition-lane.ts',
        find: "? 'more' : 'unknown';",
        replace: "? 'more' : 'end';",
      },
    ],
    shows: outOfTurn,
  },
  {
    name: 'paused-at-its-end',
    what: 'an input that was at its end when it was paused is taken for one that still is, though nobody tells of it meanwhile',
    guarantee: 'exactly-once',
    replacements: [{ file: 'lib/flow/source/intake.ts', find: '      lane.atEnd = false;\n', replace: '' }],
    shows: outOfTurn,
    // A task of two inputs, with the intake full, of which one comes to its end and goes on while it is paused.
    within: 3_000,
  },
  {
    name: 'left-out-is-end',
    what: 'a reader says that nothing more is there when an answer has brought nothing, as one does that was full before its turn came',
    replacements: [
      {
        file: 'lib/drivers/memory/partition-reader.ts',
        find: '    else if (position < this.#log.bound(this.#context.readCommitted)) this.#fetch(position);\n',
        replace:
          '    else if (this.#caughtUp && position < this.#log.bound(this.#context.readCommitted)) this.#fetch(position);\n',
      },
    ],
    shows: outOfTurn,
  },
  {
    name: 'cleaned-tail-is-read',
    what: 'behind the last record of a partition offsets whose records have been compacted away are not passed: its commit stays for ever',
    replacements: [
      {
        file: 'lib/flow/source/hand-out.ts',
        find: '    if (batch.nextOffset > lane.position) {\n',
        replace: '    if (batch.nextOffset > lane.position && (lane.hasWork || lane.firstOffset < 0)) {\n',
      },
    ],
    shows: /^everything comes to rest: |^health\(\) says why/,
  },
];
