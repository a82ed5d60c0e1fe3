import { call, oneOf, required } from '../../../lib/base/option-kinds.js';
import { checkArgument, checkOptions, type Fields } from '../../../lib/base/option-schema.js';
import type { LastingAggregate } from '../../../lib/state/aggregates/aggregate.js';
import { doubles } from '../../../lib/state/aggregates/doubles.js';
import { finite } from '../../../lib/state/aggregates/finite.js';

/** What a variance is made of. */
export interface VarianceParts {
  readonly count: number;
  readonly mean: number;
  /** The sum of the squares of what each is away from the mean. */
  readonly squares: number;
}

/** @category State @since 0.1.0 */
export interface VarianceOptions {
  /** What the squares are divided by: the number of values less one, or their number. Default `'sample'`. */
  readonly of?: 'sample' | 'population' | undefined;
}

const options: Fields<VarianceOptions> = { of: oneOf('sample', 'population') };

const codec = doubles('variance', 'count', 'mean', 'squares');

/**
 * The variance of a number of each value: B. Welford's recurrence (1962), merged as T. Chan et al. do (1979). Of no value (of a sample: of one) NaN.
 *
 * A record whose number is not finite is a `PROCESS` problem.
 *
 * @param value the number; a pure function
 * @category State @since 0.1.0
 */
export function variance<V>(
  value: (value: V) => number,
  given: VarianceOptions = {},
): LastingAggregate<V, VarianceParts, number> {
  checkArgument('variance', 'the function', required(call), value);
  checkOptions('variance', options, given);
  const less = given.of === 'population' ? 0 : 1;
  return {
    initial: () => ({ count: 0, mean: 0, squares: 0 }),
    add(before, record) {
      const number = finite('variance', value(record));
      const count = before.count + 1;
      const away = number - before.mean;
      const mean = before.mean + away / count;
      return { count, mean, squares: before.squares + away * (number - mean) };
    },
    merge(a, b) {
      const count = a.count + b.count;
      if (count === 0) return a;
      const away = b.mean - a.mean;
      return {
        count,
        mean: a.mean + (away * b.count) / count,
        squares: a.squares + b.squares + (away ** 2 * a.count * b.count) / count,
      };
    },
    result: ({ count, squares }) => (count > less ? squares / (count - less) : Number.NaN),
    codec,
  };
}
