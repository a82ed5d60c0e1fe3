import { call, required } from '../../../lib/base/option-kinds.js';
import { checkArgument } from '../../../lib/base/option-schema.js';
import type { LastingAggregate } from '../../../lib/state/aggregates/aggregate.js';
import {
  type CompensatedSum,
  compensated,
  compensatedBoth,
} from '../../../lib/state/aggregates/compensated-sum.js';
import { doubles } from '../../../lib/state/aggregates/doubles.js';
import { finite } from '../../../lib/state/aggregates/finite.js';

/** What a mean is made of. */
export interface MeanParts extends CompensatedSum {
  readonly count: number;
}

const codec = doubles('mean', 'count', 'sum', 'rest');

/**
 * The mean of a number of each value, by a sum without the errors of rounding. Of no value: NaN.
 *
 * A record whose number is not finite is a `PROCESS` problem.
 *
 * @param of the number; a pure function
 * @category State @since 0.1.0
 */
export function mean<V>(of: (value: V) => number): LastingAggregate<V, MeanParts, number> {
  checkArgument('mean', 'the function', required(call), of);
  return {
    initial: () => ({ count: 0, sum: 0, rest: 0 }),
    add: (before, value) => ({
      count: before.count + 1,
      ...compensated(before, finite('mean', of(value))),
    }),
    merge: (a, b) => ({ count: a.count + b.count, ...compensatedBoth(a, b) }),
    result: ({ count, sum, rest }) => (sum + rest) / count,
    codec,
  };
}
