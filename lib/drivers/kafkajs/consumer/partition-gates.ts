import { Gates, type GatesContext } from '../../gates.js';
import type { ConsumerOptions, DriverContext } from '../../port.js';
import { backoffMs } from '../backoff.js';
import type { Assignment, PartitionState } from './assignment.js';

/** Between two askings of a gate, milliseconds at most. */
const backoffCapMs = 1_000;

/** The gates of a member's partitions, on either path. */
export function partitionGates(
  { clock, event }: DriverContext,
  { ready }: ConsumerOptions,
  assignment: Assignment,
  told: Pick<GatesContext<PartitionState>, 'opened' | 'failed'>,
): Gates<PartitionState> {
  return new Gates({
    ready,
    clock,
    event,
    backoffMs: attempt => backoffMs(attempt, backoffCapMs),
    isCurrent: state => assignment.readable(state) === state,
    ...told,
  });
}
