import type { LastingAggregate } from '../../../lib/state/aggregates/aggregate.js';
import { type ExtremeOptions, extreme, type NumberOrOptions } from '../../../lib/state/aggregates/extreme.js';
import type { Kept } from '../../../lib/state/aggregates/kept.js';

/**
 * The greatest of the numbers of all values. Of no value: -Infinity.
 *
 * A record whose number is not finite is a `PROCESS` problem.
 *
 * @param of the number; a pure function
 * @category State @since 0.1.0
 */
export function max<V>(of: (value: V) => number): LastingAggregate<V, number>;
/**
 * The value itself that is the greatest, by a number of each or by a comparison; of equals the one with the earliest timestamp.
 *
 * @category State @since 0.1.0
 */
export function max<V>(options: ExtremeOptions<V>): LastingAggregate<V, readonly Kept[], V>;
export function max<V>(
  of: NumberOrOptions<V>,
): LastingAggregate<V, number> | LastingAggregate<V, readonly Kept[], V> {
  return extreme('max', 1, of);
}
