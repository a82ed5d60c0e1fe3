import type { TopologyEdge, TopologyNode } from './node.js';

/** A state of `app.state`, as it is wired. @category Topology @since 0.2.0 */
export interface StateDescription {
  readonly name: string;
  /** The node that writes it, by its id; undefined: none does yet. */
  readonly node: string | undefined;
  /** The names of the codecs. */
  readonly key: string;
  readonly value: string;
  /** Of the values. */
  readonly version: number;
  /** `keys`, or what it has rows of for each key: windows such as `tumbling(60000)`. */
  readonly rowsOf: string;
  /** As Kafka has it. */
  readonly changelog: string;
  /** Where it lies beside that: `memory`, `lmdb`, or `custom` for one that has no name. */
  readonly backend: string;
}

/** Inputs that share states: the partitions of one number of all of them are one task. @category Topology @since 0.2.0 */
export interface SubTopologyDescription {
  /** What its tasks are called, without their number, such as `orders+payments`. */
  readonly name: string;
  /** Topics, in the order of their names. */
  readonly inputs: readonly string[];
  /** Names of states. */
  readonly states: readonly string[];
}

/** What a topology keeps. */
export interface KeptByTopology {
  readonly states: readonly StateDescription[];
  /** Of those whose inputs are known by name; `run()` refuses others. */
  readonly subTopologies: readonly SubTopologyDescription[];
  /** Topics of `app.internal`, as Kafka has them. */
  readonly internalTopics: readonly string[];
}

export const nothingKept: KeptByTopology = { states: [], subTopologies: [], internalTopics: [] };

/** @category Topology @since 0.1.0 */
export interface TopologyDescription extends KeptByTopology {
  readonly nodes: readonly TopologyNode[];
  readonly edges: readonly TopologyEdge[];
  /** One line for each node and what it feeds, for each state, and for inputs that share states. */
  text(): string;
  /** A Mermaid flowchart. */
  mermaid(): string;
}

export function describeTopology(
  nodes: readonly TopologyNode[],
  edges: readonly TopologyEdge[],
  kept: KeptByTopology,
): TopologyDescription {
  return {
    nodes,
    edges,
    ...kept,
    text: () => [...nodes.map(node => nodeAsText(node, edges)), ...keptAsText(kept)].join('\n'),
    mermaid: () => asMermaid(nodes, edges, kept),
  };
}

function nodeAsText({ id, kind }: TopologyNode, edges: readonly TopologyEdge[]): string {
  const targets = edges
    .filter(edge => edge.from === id)
    .map(edge => (edge.observed ? `${edge.to} (observed)` : edge.to));
  return `${kind.padEnd(8)} ${id}${targets.length === 0 ? '' : ` -> ${targets.join(', ')}`}`;
}

function keptAsText({ states, subTopologies, internalTopics }: KeptByTopology): readonly string[] {
  return [
    ...states.map(
      ({ name, node, key, value, version, rowsOf, changelog, backend }) =>
        `state    ${name}: ${value}${version === 1 ? '' : ` (version ${version})`} by ${key}, rows of ${rowsOf}, by '${node ?? 'nobody'}', in ${backend} and ${changelog}`,
    ),
    ...subTopologies.map(({ name, states: of }) => `tasks    ${name}/N keep ${of.join(', ')}`),
    ...internalTopics.map(topic => `internal ${topic}`),
  ];
}

function asMermaid(
  nodes: readonly TopologyNode[],
  edges: readonly TopologyEdge[],
  { states }: KeptByTopology,
): string {
  const number = new Map(nodes.map((node, index) => [node.id, `n${index}`]));
  const shapes = { source: ['[(', ')]'], operator: ['[', ']'], sink: ['[/', '/]'] } as const;
  const lines = nodes.map(({ id, kind }) => {
    const [left, right] = shapes[kind];
    return `  ${number.get(id)}${left}${quoted(id)}${right}`;
  });
  const arrows = edges.map(
    ({ from, to, observed }) => `  ${number.get(from)} ${observed ? '-.->' : '-->'} ${number.get(to)}`,
  );
  const kept = states.flatMap(({ name, node }, index) => {
    const by = node === undefined ? undefined : number.get(node);
    return [`  s${index}[[${quoted(name)}]]`, ...(by === undefined ? [] : [`  ${by} --- s${index}`])];
  });
  return ['flowchart LR', ...lines, ...arrows, ...kept].join('\n');
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '#quot;')}"`;
}
