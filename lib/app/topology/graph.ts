/** The topology as data: what `app.describe()` gives, and what checks before `run()` look at. */

import type { MaskedField } from '../../card/masked-field.js';
import { MaskedFields } from '../../card/masked-fields.js';
import { KafkaRxError } from '../../errors/errors.js';
import { type Policy, verdictOf } from '../../errors/policies/policy.js';
import {
  describeTopology,
  type KeptByTopology,
  nothingKept,
  type TopologyDescription,
} from './description.js';
import type { NodeKind, TopologyEdge, TopologyNode } from './node.js';
import { OpenEnds } from './open-ends.js';
import { type ReplayTarget, Ways } from './ways.js';

export interface NodeParts extends Partial<Pick<TopologyNode, 'topics' | 'masks'>> {
  /** What becomes of records that fail at the node, where it has a say. */
  readonly policies?: readonly (Policy | undefined)[];
}

/** What an operator is called, and its own policy where it has one. */
export interface NamedOperator {
  readonly name: string;
  readonly onError?: Policy | undefined;
}

/** Somebody wants dead letters, and there is no topic for them. */
export function withoutDeadLetters(who: string): KafkaRxError {
  return new KafkaRxError('CONFIGURATION', `${who} is to make dead letters, but there is no topic for them`, {
    remedy: 'Set deadLetters: { topic } in createApp',
  });
}

/** Nodes made while records flow, at most: their names may be anything. */
const maxLate = 1000;
const restKey = 'rest';

/** Grows while the topology function wires; by observed edges, and what pipes inside a switchMap are made of, while it runs. */
export class TopologyGraph {
  readonly #nodes = new Map<string, TopologyNode>();
  readonly #edges = new Map<string, TopologyEdge>();
  /** From a sink to the operator that goes on once the sink is done; no edges to look at, but ways of a record. */
  readonly #handBacks = new Map<string, { readonly from: string; readonly to: string }>();
  /** Operators made while records flow, by name and sources: one that is made again and again is one node. */
  readonly #late = new Map<string, TopologyNode>();
  #ways: Ways | undefined;
  /** Nodes of which something unknown is subscribed: their records may come out anywhere. */
  readonly #leaks = new Set<string>();
  /** What the sinks have to refuse. */
  readonly masks = new MaskedFields();
  /** Operators that await the work on a record themselves: a path may end in one. */
  readonly #awaiting = new Set<string>();
  /** What leads nowhere. */
  readonly ends = new OpenEnds();
  readonly #deadLetters: boolean;

  /** @param deadLetters whether there is a topic for them */
  constructor(deadLetters = true) {
    this.#deadLetters = deadLetters;
  }

  add(
    kind: NodeKind,
    name: string,
    { topics = [], masks = [], policies = [] }: NodeParts = {},
  ): TopologyNode {
    if (!this.#deadLetters && policies.some(policy => verdictOf(policy) === 'dead-letter')) {
      throw withoutDeadLetters(`'${name}'`);
    }
    let id = name;
    for (let number = 2; this.#nodes.has(id); number++) id = `${name} #${number}`;
    const node: TopologyNode = { id, kind, name, topics, masks };
    this.#nodes.set(id, node);
    return node;
  }

  /** The topology function has returned, and nobody wires any more. */
  close(): void {
    this.#ways = new Ways(
      [...this.#nodes.values()],
      [...this.#edges.values()],
      [...this.#handBacks.values()],
    );
  }

  /** The node of an operator below its sources, and what it masks. */
  operator(
    { name, onError }: NamedOperator,
    sources: readonly TopologyNode[],
    masks: readonly MaskedField[],
  ): TopologyNode {
    const key = JSON.stringify([name, ...sources.map(({ id }) => id)]);
    const wired = this.#ways !== undefined;
    const known = wired ? this.#lateNode(key) : undefined;
    const node =
      known ?? this.add('operator', name, { masks: masks.map(({ path }) => path), policies: [onError] });
    // Also where the node is one that was there before: of the same name, it need not mask the same.
    this.masks.add(masks);
    if (known === undefined && wired) this.#late.set(key, node);
    for (const source of sources) this.connect(source, node);
    return node;
  }

  #lateNode(key: string): TopologyNode | undefined {
    const known = this.#late.get(key);
    if (known !== undefined || this.#late.size < maxLate) return known;
    // Names without end: all that follow are one.
    const rest = this.#late.get(restKey) ?? this.add('operator', 'operators made while running');
    this.#late.set(restKey, rest);
    return rest;
  }

  connect(from: TopologyNode, to: TopologyNode, observed = false): void {
    const key = edgeKey(from, to);
    if (!this.#edges.has(key)) this.#edges.set(key, { from: from.id, to: to.id, observed });
  }

  /** Whether wired or observed edges lead from one node to the other. */
  leads(from: TopologyNode, to: TopologyNode): boolean {
    return this.#below(from.id).has(to.id);
  }

  /** The same of a node that is known by its id. */
  isAbove({ id: from }: TopologyNode, id: string): boolean {
    return this.#below(from).has(id);
  }

  /** Whether one of these, by their ids, leads to the node. */
  anyLeads(from: ReadonlySet<string>, to: TopologyNode): boolean {
    return [...from].some(id => id !== to.id && this.#below(id).has(to.id));
  }

  /** Whether records of a node are known to come by another: it is the same, or an edge goes there. */
  carries(from: TopologyNode, to: TopologyNode): boolean {
    return from === to || this.#edges.has(edgeKey(from, to));
  }

  /** The sources whose records are known to come to a node. */
  sourcesOf({ id }: TopologyNode): readonly TopologyNode[] {
    const above = new Set([id]);
    // A Set goes on with what is added while it is walked.
    for (const to of above) {
      for (const edge of this.#edges.values()) if (edge.to === to) above.add(edge.from);
      for (const back of this.#handBacks.values()) if (back.to === to) above.add(back.from);
    }
    return [...this.#nodes.values()].filter(node => node.kind === 'source' && above.has(node.id));
  }

  handBack(from: TopologyNode, to: TopologyNode): void {
    this.#handBacks.set(edgeKey(from, to), { from: from.id, to: to.id });
  }

  awaits(node: TopologyNode): void {
    this.#awaiting.add(node.id);
  }

  /** Whether all that comes by a node has come by an operator that awaits the work on it. */
  isAwaited({ id }: TopologyNode): boolean {
    const above = new Set([id]);
    // A Set goes on with what is added while it is walked.
    for (const to of above) {
      if (this.#awaiting.has(to)) continue;
      if (this.#nodes.get(to)?.kind === 'source') return false;
      for (const edge of this.#edges.values()) if (edge.to === to) above.add(edge.from);
    }
    return true;
  }

  /** Whether a way leads from a node to a sink, or to an operator that awaits the work itself. */
  endsWell(from: TopologyNode): boolean {
    return [...this.#below(from.id)].some(
      id => this.#awaiting.has(id) || this.#nodes.get(id)?.kind === 'sink',
    );
  }

  /**
   * What a dead letter says of the node that failed.
   *
   * @param known whether the id is one of a node here: operators that no topology knows have names alone
   */
  wayTo(id: string, known: boolean): { readonly way: string; readonly alike: number } {
    const node = known ? this.#nodes.get(id) : undefined;
    const wired = node === undefined ? new Set<string>() : this.#wiredAbove(node.id);
    const { way, alike } = this.#wired.to(known ? id : '', node?.name ?? id, [...wired]);
    return { way, alike: this.#goesToAll(alike) ? 1 : Math.max(1, alike.length) };
  }

  /** Whom a replayed record is for, by the name or the way that its headers tell. */
  replayTarget(name: string, way: string | undefined): ReplayTarget {
    const target = this.#wired.target(name, way);
    return target.kind === 'none' && this.#goesToAll(target.alike) ? { kind: 'unknown' } : target;
  }

  /** Whether it is all the same which of these a record is replayed for, since every node would take it for one of them. */
  #goesToAll(alike: readonly string[]): boolean {
    return alike.length > 1 && alike.some(id => this.#leaksIn(this.#below(id)));
  }

  get #wired(): Ways {
    return this.#ways ?? new Ways([], [], []);
  }

  /** The wired nodes that are next above one that was made while records flow. */
  #wiredAbove(id: string): ReadonlySet<string> {
    const late = new Set([...this.#late.values()].map(node => node.id));
    const above = new Set([id]);
    const found = new Set<string>();
    // A Set goes on with what is added while it is walked.
    for (const to of above) {
      for (const { from } of [...this.#edges.values()].filter(edge => edge.to === to)) {
        if (late.has(from)) above.add(from);
        else found.add(from);
      }
    }
    return found;
  }

  leak(node: TopologyNode): void {
    this.#leaks.add(node.id);
  }

  /**
   * The nodes that a record replayed for one node need not come to: sinks that are not at or below it, and operators that
   * lead neither to it nor to anything below. Where the graph cannot be sure, it is none.
   *
   * @param id of the node that it is for
   * @returns undefined where every node must take it: there is no such node, or what is below it is not all known
   */
  passedBy(id: string): ReadonlySet<string> | undefined {
    const target = this.#below(id);
    if (!this.#nodes.has(id) || this.#leaksIn(target)) return undefined;
    const passes = (node: TopologyNode): boolean => {
      if (node.kind === 'source' || target.has(node.id)) return false;
      const below = this.#below(node.id);
      return node.kind === 'sink' || !(below.has(id) || this.#leaksIn(below));
    };
    return new Set([...this.#nodes.values()].filter(passes).map(node => node.id));
  }

  /** The node and all that its records are known to come to. */
  #below(id: string): ReadonlySet<string> {
    const reached = new Set([id]);
    // A Set goes on with what is added while it is walked.
    for (const from of reached) {
      for (const edge of this.#edges.values()) if (edge.from === from) reached.add(edge.to);
      for (const back of this.#handBacks.values()) if (back.from === from) reached.add(back.to);
    }
    return reached;
  }

  #leaksIn(ids: ReadonlySet<string>): boolean {
    return [...this.#leaks].some(id => ids.has(id));
  }

  describe(kept: KeptByTopology = nothingKept): TopologyDescription {
    return describeTopology([...this.#nodes.values()], [...this.#edges.values()], kept);
  }
}

function edgeKey(from: TopologyNode, to: TopologyNode): string {
  return JSON.stringify([from.id, to.id]);
}
