import { call, required } from '../../../lib/base/option-kinds.js';
import { checkArgument } from '../../../lib/base/option-schema.js';
import { KafkaRxError } from '../../../lib/errors/errors.js';
import type { LastingAggregate } from '../../../lib/state/aggregates/aggregate.js';
import {
  type CompensatedSum,
  compensated,
  compensatedBoth,
} from '../../../lib/state/aggregates/compensated-sum.js';
import { doubles } from '../../../lib/state/aggregates/doubles.js';
import { finite } from '../../../lib/state/aggregates/finite.js';

const codec = doubles('sum', 'sum', 'rest');

/**
 * The sum of a number of each value. Whole numbers are added exactly; of fractions what rounding cuts off is kept and added in the end, so that the
 * error does not grow with their number.
 *
 * A record is a `PROCESS` problem whose number is not finite, or with which the sum would pass ±(2^53 - 1): beyond that, whole numbers are not exact.
 *
 * @param of the number; a pure function
 * @example
 * ```ts
 * const turnover = sum((purchase: { readonly price: number }) => purchase.price);
 * ```
 * @category State @since 0.1.0
 */
export function sum<V>(of: (value: V) => number): LastingAggregate<V, CompensatedSum, number> {
  checkArgument('sum', 'the function', required(call), of);
  return {
    initial: () => ({ sum: 0, rest: 0 }),
    add: (before, value) => exact(compensated(before, finite('sum', of(value)))),
    merge: (a, b) => exact(compensatedBoth(a, b)),
    result: ({ sum, rest }) => sum + rest,
    codec,
  };
}

function exact(sum: CompensatedSum): CompensatedSum {
  if (Math.abs(sum.sum) <= Number.MAX_SAFE_INTEGER) return sum;
  throw new KafkaRxError('PROCESS', 'the sum is beyond 2^53, where whole numbers are not exact', {
    remedy: 'Sum a larger unit, or take an aggregate of your own',
  });
}
