import { type TaskNames, topicsOf } from '../../flow/source/task-names.js';
import type { StateHandle } from '../../state/state.js';
import type { KeptByTopology, StateDescription, SubTopologyDescription } from '../topology/description.js';
import type { TopologyGraph } from '../topology/graph.js';

interface KeptParts {
  readonly handles: readonly StateHandle<unknown, unknown>[];
  readonly internalTopics: readonly string[];
  readonly graph: TopologyGraph;
  readonly tasks: TaskNames;
  changelogOf(state: string): string;
}

/** The states of an app as data: what is wired so far, also where `run()` would refuse it. */
export function keptByTopology(parts: KeptParts): KeptByTopology {
  const { handles, internalTopics, changelogOf } = parts;
  const states = handles.map(({ name, key, value, version, rowsOf, writer, backend }): StateDescription => {
    const where = backend === undefined ? 'memory' : (backend.name ?? 'custom');
    const changelog = changelogOf(name);
    return {
      name,
      node: writer?.node.id,
      key: key.name,
      value: value.name,
      version,
      rowsOf,
      changelog,
      backend: where,
    };
  });
  return { states, subTopologies: subTopologiesOf(parts), internalTopics };
}

function subTopologiesOf({ handles, graph, tasks }: KeptParts): readonly SubTopologyDescription[] {
  const inputs = handles.flatMap(({ name, writer }) => {
    const topics = writer === undefined ? [] : graph.sourcesOf(writer.node).flatMap(({ topics }) => topics);
    return topics.length === 0 ? [] : [{ name, topics: [...new Set(topics)].sort() }];
  });
  const names = tasks.with(inputs.map(({ topics }) => topics));
  const found = new Map<string, string[]>();
  for (const { name, topics } of inputs) {
    const bundle = names.bundleOf(topics[0] ?? '');
    found.set(bundle, [...(found.get(bundle) ?? []), name]);
  }
  return [...found].map(([name, states]) => ({ name, inputs: topicsOf(name), states }));
}
