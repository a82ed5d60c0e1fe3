import type { SimulationView } from './simulation-parts.js';
import { openPartitions } from './transactions-of.js';

/** What is left to do of a run that did not come to rest, and what each process says of it. */
export function whyNotAtRest(
  ended: string,
  { broker, groupId, processes, timeMs }: SimulationView,
  topics: readonly string[],
): string {
  const lags = topics.map(topic =>
    broker.cluster.partitionCount(topic) === 0
      ? `${topic}: gone`
      : `${topic}: committed ${broker.committed(groupId, topic).join(' ')} of ${broker.endOffsets(topic).join(' ')}`,
  );
  const healths = processes.map(({ name, app, state }) => {
    const health = app?.health();
    return `${name} ${state}, ${health?.state}: ${health?.reasons.join('; ') || 'gives no reason'}`;
  });
  return `${ended} after ${Math.round(timeMs)} ms: ${[...lags, ...openPartitions(broker), ...healths].join(' | ')}`;
}
