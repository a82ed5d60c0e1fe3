/** The second system under simulation: counts that are kept in states, and what must hold of them. */
import { isKafkaRxError } from 'kafka-rx';
import type { FaultKind } from '../../../lib/testing/simulation/profile.js';
import type { SimulationParts } from '../../../lib/testing/simulation/simulation-parts.js';
import { countOracle, internalTopic, internalTopicsOf } from './count-oracle.js';
import { countTopologyOf } from './count-topology.js';
import type { CountWorkload } from './count-workload.js';
import { InternalRecords } from './internal-records.js';

/** What a state does not outlive, or is not told of: its changelog has as many partitions as its inputs, and positions in these. */
export const notOfCounts: readonly FaultKind[] = ['partitions-added', 'topic-recreated', 'topic-deleted'];

/** What no app may fail with, also where it would go on after a restart: nothing is lost here, and nobody else commits. */
const never = ['CUT_MISSING', 'CUT_TORN', 'CHANGELOG_LOST', 'STATE', 'STORE', 'DECODE'];

export function countSystemOf(
  workload: CountWorkload,
): Omit<SimulationParts, 'profile' | 'choices' | 'maxSteps'> {
  const { shape, inputs, topics, processes } = workload;
  let wrong: string | undefined;
  const moved = new InternalRecords(internalTopic);
  return {
    topology: countTopologyOf(shape),
    options: { ...shape.options, startFrom: 'earliest' },
    inputs,
    topics,
    processes,
    internalTopics: internalTopicsOf(shape),
    invariants: countOracle(workload, moved, () => wrong),
    begin: () => {
      wrong = undefined;
      moved.clear();
    },
    isExpected: error => {
      if (isKafkaRxError(error) && never.includes(error.code)) wrong ??= error.message;
      return false;
    },
  };
}
