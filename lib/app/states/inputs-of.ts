import { KafkaRxError } from '../../errors/errors.js';
import type { StateHandle } from '../../state/state.js';
import type { TopologyGraph } from '../topology/graph.js';
import type { TopologyNode } from '../topology/node.js';

/** The topics whose records come to a state. @throws `TOPOLOGY` where nobody writes it, and as {@link inputsOf} */
export function inputsOfState(
  { name, writer }: StateHandle<unknown, unknown>,
  graph: TopologyGraph,
): readonly string[] {
  if (writer === undefined) throw unwritten(name);
  return inputsOf(`the state '${name}'`, writer.node, graph);
}

/** The topics whose records come to a node. @throws `TOPOLOGY` where they are not known by name */
export function inputsOf(name: string, node: TopologyNode, graph: TopologyGraph): readonly string[] {
  const sources = graph.sourcesOf(node);
  const byPattern = sources.find(({ topics }) => topics.length === 0);
  if (sources.length === 0 || byPattern !== undefined) throw unknownInputs(name, node, byPattern);
  return [...new Set(sources.flatMap(({ topics }) => topics))].sort();
}

function unwritten(name: string): KafkaRxError {
  return new KafkaRxError('TOPOLOGY', `The state '${name}' has no operator that writes it`, {
    remedy: 'Give it to an operator of kafka-rx/state, such as count or aggregate, or leave it out',
  });
}

function unknownInputs(
  name: string,
  { name: node }: TopologyNode,
  pattern: TopologyNode | undefined,
): KafkaRxError {
  const what =
    pattern === undefined
      ? `Nobody knows which topics come to ${name} by '${node}'`
      : `A source of ${name} by '${node}' is read by a RegExp, ${pattern.name}`;
  return new KafkaRxError('TOPOLOGY', `${what}: partitions of its inputs are put together by topic`, {
    remedy:
      pattern === undefined
        ? 'Use mergeNamed in place of merge, so that the sources above it are known'
        : 'Read its topics by name',
  });
}
