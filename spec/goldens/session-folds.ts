import type { SessionFold } from '../../lib/state/processors/session-aggregate.js';
import type { GoldenValue } from './cases.js';
import { folds, ofTexts } from './folds.js';
import { aggregate, merge, reduce } from './functions.js';

type GoldenFold = SessionFold<string, GoldenValue>;

const mergeTexts: GoldenFold['merge'] = (one, other) => merge(String(one), String(other));

export const sessionFolds: Readonly<Record<'count' | 'aggregate' | 'aggregateRight' | 'reduce', GoldenFold>> =
  {
    count: { add: folds.count, merge: (one, other) => Number(one) + Number(other) },
    aggregate: { initial: aggregate.initial, add: folds.aggregate, merge: mergeTexts },
    aggregateRight: { initial: aggregate.initial, add: folds.aggregateRight, merge: mergeTexts },
    reduce: {
      // A first value may be null: it deletes what it would begin.
      add: ofTexts<string | null>((old, value) => (old === undefined ? value : reduce(old, value))),
      merge: (one, other) => reduce(String(one), String(other)),
    },
  };
