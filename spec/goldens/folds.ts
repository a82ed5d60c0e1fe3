import { aggregating, counting, type Fold, reducing } from '../../lib/state/processors/fold.js';
import type { GoldenValue } from './cases.js';
import { aggregate, aggregateRight, reduce } from './functions.js';

type GoldenFold<V> = Fold<V, GoldenValue>;

/** A fold of texts, as one of whatever the goldens aggregate. */
export function ofTexts<V>(fold: Fold<V, string>): GoldenFold<V> {
  return (sum, value, key) => fold(sum === undefined ? undefined : String(sum), value, key);
}

const countRecords = counting();

export const folds = {
  count: ((sum, value, key) =>
    countRecords(sum === undefined ? undefined : Number(sum), value, key)) as GoldenFold<string | null>,
  aggregate: ofTexts<string | null>(aggregating(aggregate)),
  aggregateRight: ofTexts<string | null>(aggregating(aggregateRight)),
  reduce: ofTexts<string>(reducing(reduce)),
};
