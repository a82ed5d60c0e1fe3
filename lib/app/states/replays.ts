import type { StateHandle } from '../../state/state.js';
import type { TopologyGraph } from '../topology/graph.js';
import type { ReplayTarget } from '../topology/ways.js';

/** Whom a replayed record is for: nobody below a state, which has it in what it keeps, and would count it a second time on the way. */
export function targetBesideStates(
  target: ReplayTarget,
  handles: Iterable<StateHandle<unknown, unknown>>,
  graph: TopologyGraph,
): ReplayTarget {
  if (target.kind !== 'node') return target;
  for (const { name, writer } of handles) {
    if (writer !== undefined && writer.node.id !== target.id && graph.isAbove(writer.node, target.id))
      return { kind: 'counted', state: name };
  }
  return target;
}
