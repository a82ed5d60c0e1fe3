/** The topology as data: what `app.describe()` gives, and what checks before `run()` look at. */

export type NodeKind = 'source' | 'operator' | 'sink';

export interface TopologyNode {
  /** Unique in its topology and stable as long as the wiring is: the name, numbered where it occurs again. */
  readonly id: string;
  readonly kind: NodeKind;
  readonly name: string;
  /** The topics that a source names or a sink writes; empty for all else. */
  readonly topics: readonly string[];
  /** Paths of the value that this node masks; sinks refuse them unmasked. */
  readonly masks: readonly string[];
}

export interface TopologyEdge {
  readonly from: string;
  readonly to: string;
  /** Learned from a record that took this way, because a plain rxjs operator hid who subscribed to whom. */
  readonly observed: boolean;
}

/** A field that no sink may write unmasked. */
export interface MaskedField {
  /** Dotted, `*` for every element of an array. */
  readonly path: string;
  /** Whether a text found there is masked. */
  isMasked(text: string): boolean;
}

/** @category Topology @since 0.1.0 */
export interface TopologyDescription {
  readonly nodes: readonly TopologyNode[];
  readonly edges: readonly TopologyEdge[];
  /** One line for each node and what it feeds. */
  text(): string;
  /** A Mermaid flowchart. */
  mermaid(): string;
}

/** Grows while the topology function wires, and by observed edges while it runs. */
export class TopologyGraph {
  readonly #nodes = new Map<string, TopologyNode>();
  readonly #edges = new Map<string, TopologyEdge>();
  readonly #masked: MaskedField[] = [];

  add(
    kind: NodeKind,
    name: string,
    { topics = [], masks = [] }: Partial<Pick<TopologyNode, 'topics' | 'masks'>> = {},
  ): TopologyNode {
    let id = name;
    for (let number = 2; this.#nodes.has(id); number++) id = `${name} #${number}`;
    const node: TopologyNode = { id, kind, name, topics, masks };
    this.#nodes.set(id, node);
    return node;
  }

  connect(from: TopologyNode, to: TopologyNode, observed = false): void {
    const key = JSON.stringify([from.id, to.id]);
    if (!this.#edges.has(key)) this.#edges.set(key, { from: from.id, to: to.id, observed });
  }

  /** Whether wired or observed edges lead from one node to the other. */
  leads(from: TopologyNode, to: TopologyNode): boolean {
    const reached = new Set([from.id]);
    // A Set goes on with what is added while it is walked.
    for (const id of reached) {
      for (const edge of this.#edges.values()) if (edge.from === id) reached.add(edge.to);
    }
    return reached.has(to.id);
  }

  /** Notes what the sinks have to refuse. */
  protect(fields: readonly MaskedField[]): void {
    this.#masked.push(...fields);
  }

  get masks(): readonly MaskedField[] {
    return this.#masked;
  }

  describe(): TopologyDescription {
    const nodes = [...this.#nodes.values()];
    const edges = [...this.#edges.values()];
    return { nodes, edges, text: () => asText(nodes, edges), mermaid: () => asMermaid(nodes, edges) };
  }
}

function asText(nodes: readonly TopologyNode[], edges: readonly TopologyEdge[]): string {
  return nodes
    .map(({ id, kind }) => {
      const targets = edges
        .filter(edge => edge.from === id)
        .map(edge => (edge.observed ? `${edge.to} (observed)` : edge.to));
      return `${kind.padEnd(8)} ${id}${targets.length === 0 ? '' : ` -> ${targets.join(', ')}`}`;
    })
    .join('\n');
}

function asMermaid(nodes: readonly TopologyNode[], edges: readonly TopologyEdge[]): string {
  const number = new Map(nodes.map((node, index) => [node.id, `n${index}`]));
  const shapes = { source: ['[(', ')]'], operator: ['[', ']'], sink: ['[/', '/]'] } as const;
  const lines = nodes.map(({ id, kind }) => {
    const [left, right] = shapes[kind];
    return `  ${number.get(id)}${left}"${id.replaceAll('"', '#quot;')}"${right}`;
  });
  const arrows = edges.map(
    ({ from, to, observed }) => `  ${number.get(from)} ${observed ? '-.->' : '-->'} ${number.get(to)}`,
  );
  return ['flowchart LR', ...lines, ...arrows].join('\n');
}
