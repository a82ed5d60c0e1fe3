import type { Invariants, SimulationView } from './simulation-parts.js';
import { openPartitions } from './transactions-of.js';

/** What is left to do of a run that did not come to rest, and what each process says of it. */
export function whyNotAtRest(
  ended: string,
  view: SimulationView,
  topics: readonly string[],
  { awaited }: Invariants,
): string {
  const { broker, groupId, processes, timeMs } = view;
  const lags = topics.map(topic =>
    broker.cluster.partitionCount(topic) === 0
      ? `${topic}: gone`
      : `${topic}: committed ${broker.committed(groupId, topic).join(' ')} of ${broker.endOffsets(topic).join(' ')}`,
  );
  const healths = processes.map(({ name, app, state }) => {
    const health = app?.health();
    return `${name} ${state}, ${health?.state}: ${health?.reasons.join('; ') || 'gives no reason'}`;
  });
  const why = [...lags, ...openPartitions(broker), awaited?.(view) ?? [], ...healths].flat();
  return `${ended} after ${Math.round(timeMs)} ms: ${why.join(' | ')}`;
}
