import type { LastingAggregate } from '../../../lib/state/aggregates/aggregate.js';
import { int64 } from '../../../lib/state/aggregates/int64.js';

const codec = int64('count');

/**
 * How many records there were. Kept as 8 bytes, big-endian, as Kafka Streams keeps its counts.
 *
 * @category State @since 0.1.0
 */
export function counter(): LastingAggregate<unknown, number> {
  return {
    initial: () => 0,
    add: before => before + 1,
    merge: (a, b) => a + b,
    codec,
  };
}
