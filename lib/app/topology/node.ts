export type NodeKind = 'source' | 'operator' | 'sink';

export interface TopologyNode {
  /** Unique in its topology: the name, numbered where it occurs again. Not to be kept, since the number depends on the order. */
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
