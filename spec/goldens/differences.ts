/** Where the library answers otherwise than Kafka Streams, on purpose: docs/semantics.md tells why. Whatever differs else is a failure. */
import type { Answer } from './answers.js';
import { expectedOf } from './answers.js';
import type { GoldenCase, GoldenKey } from './cases.js';
import { sessionFinals } from './session-finals.js';

export interface Difference {
  /** A heading of docs/semantics.md. */
  readonly name: string;
  readonly ops: RegExp;
  /**
   * Whether the answers are what is meant: worked out from the case, never taken from a list of cases.
   *
   * @param updates what the library answers to the same inputs as updates in place of final results
   */
  explains(
    of: GoldenCase,
    answers: readonly Answer[],
    updates: () => Promise<readonly Answer[]>,
  ): Promise<boolean>;
}

export const differences: readonly Difference[] = [
  {
    name: 'No final result is lost',
    ops: /^(tumbling|hopping|sliding)-(count|reduce|aggregate)-final(-default-retention)?$/,
    // What a store of Kafka Streams hides when it is to be closed is not emitted there; all else is the same, in the same order.
    async explains(of, answers, updates) {
      const shown: Answer[] = [];
      let newest = -1;
      for (const [index, { output }] of (await updates()).entries()) {
        newest = Math.max(newest, ...output.map(([key]) => startOf(key)));
        const ours = answers[index];
        if (ours === undefined) return false;
        const hidesBefore = newest - retentionOf(of);
        shown.push({ ...ours, output: ours.output.filter(([key]) => startOf(key) >= hidesBefore) });
      }
      return same(shown, expectedOf(of));
    },
  },
  {
    name: 'A closed session is merged with nothing',
    ops: /^session-(count|reduce|aggregate)-final(-default-retention)?$/,
    explains: async (of, answers) => same(answers, sessionFinals(of)),
  },
  {
    name: 'A final result comes once',
    ops: /^(sliding|session)-suppress$/,
    // An update of a window that was handed on is late, and Kafka Streams hands the window on again at once.
    async explains(of, answers) {
      const handedOn = new Set<string>();
      const once = expectedOf(of).map(({ output, dropped }) => {
        const first = output.filter(([key]) => {
          const text = JSON.stringify(key);
          const isNew = !handedOn.has(text);
          handedOn.add(text);
          return isNew;
        });
        return { output: first, dropped: dropped + output.length - first.length };
      });
      return same(answers, once);
    },
  },
  {
    name: 'Nothing ticks before the first record',
    ops: /^punctuate-wall-clock$/,
    async explains(of, answers) {
      const first = of.input.findIndex(([side]) => side !== 'clock');
      const nothing = { output: [], dropped: 0 };
      return same(
        answers,
        expectedOf(of).map((one, index) => (index < first ? nothing : one)),
      );
    },
  },
];

function same(one: readonly Answer[], other: readonly Answer[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function startOf(key: GoldenKey): number {
  return typeof key === 'string' ? Number.NaN : key.start;
}

function retentionOf({ params }: GoldenCase): number {
  const { sizeMs = 0, differenceMs = 0, graceMs = 0, retentionMs } = params;
  return retentionMs ?? sizeMs + 2 * differenceMs + graceMs;
}
