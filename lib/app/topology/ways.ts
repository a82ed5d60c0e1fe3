import {
  isNumbered,
  nameInWay,
  wayBelow,
  wayOfUnwired,
  wiredPart,
  withSinks,
} from '../../errors/dead-letters/way-text.js';

/** How a dead letter names the node that failed: nothing of it depends on the order in which nodes are made. */
interface NodeWay {
  readonly way: string;
  /** The wired nodes of this name on this way: of more than one nobody can say which is meant. */
  readonly alike: readonly string[];
}

/** What the name of a node, or the way to it, stands for in this topology. */
export type ReplayTarget =
  | {
      readonly kind: 'node';
      readonly id: string;
      /** What names it in what is stored of the replay. */
      readonly part: string;
    }
  /** The topology did not know the node that failed. */
  | { readonly kind: 'unknown' }
  /** It is below this state, which would take the record a second time. */
  | { readonly kind: 'counted'; readonly state: string }
  /** There is no such node, or these may be meant. */
  | { readonly kind: 'none'; readonly alike: readonly string[] };

/** What operators are called that were given no name. */
const unnamed =
  /^(?:mapValue|mapKey|mapRecord|filterValue|flatMapValue|mapAsync|project|peek|batch|branch|mask|tokenize|through|each|watch)(?:\(.*\))?$/s;

/** Of a node of the graph, what ways are made of. */
interface WiredNode {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
}

/** From one node's id to the next's. */
interface Step {
  readonly from: string;
  readonly to: string;
}

/** The ways to the nodes of a topology as it was wired. What is made or learned while records flow changes none of them. */
export class Ways {
  readonly #ways = new Map<string, string>();
  readonly #byWay = new Map<string, WiredNode[]>();
  readonly #byName = new Map<string, WiredNode[]>();

  /** @param handBacks from sinks to the operators that go on behind them */
  constructor(nodes: readonly WiredNode[], edges: readonly Step[], handBacks: readonly Step[]) {
    const above = sourcesByTarget(edges);
    const aboveThrough = sourcesByTarget([...edges, ...handBacks]);
    const sinks = new Map<string, string[]>(nodes.map(({ id }) => [id, []]));
    for (const sink of nodes.filter(({ kind }) => kind === 'sink')) {
      for (const id of reached(sink.id, aboveThrough)) if (id !== sink.id) sinks.get(id)?.push(sink.name);
    }
    const fromSource = new Map<string, string>();
    for (const node of inOrder(nodes, above)) {
      const parents = (above.get(node.id) ?? []).map(id => fromSource.get(id) ?? id);
      fromSource.set(node.id, wayBelow(parents, node.name));
    }
    for (const node of nodes) {
      const way = withSinks(fromSource.get(node.id) ?? node.name, sinks.get(node.id) ?? []);
      this.#ways.set(node.id, way);
      add(this.#byWay, way, node);
      add(this.#byName, node.name, node);
    }
  }

  /**
   * @param id of the node
   * @param name its name, where it is not wired
   * @param above ids of the wired nodes next above one that is not wired
   */
  to(id: string, name: string, above: readonly string[]): NodeWay {
    const own = this.#ways.get(id);
    const [one] = above;
    const base = own ?? (above.length === 1 && one !== undefined ? this.#ways.get(one) : undefined);
    const way = own ?? wayOfUnwired(base, name);
    return { way, alike: idsOf(base === undefined ? [] : this.#byWay.get(base)) };
  }

  /**
   * The node that a replayed record is for.
   *
   * @param name as the user gave it, or an earlier version its id; counts where no way is given
   */
  target(name: string, way: string | undefined): ReplayTarget {
    if (way === undefined) return this.#named(name);
    const wired = wiredPart(way);
    if (wired === undefined) return { kind: 'unknown' };
    const there = this.#byWay.get(wired) ?? [];
    const [node] = there;
    if (node !== undefined)
      return there.length === 1 ? this.#found(node) : { kind: 'none', alike: idsOf(there) };
    // What the user named is that, wherever it is wired by now; what has a name of ours may be something else there.
    const own = nameInWay(wired);
    return unnamed.test(own) ? { kind: 'none', alike: [] } : this.#named(own);
  }

  #named(name: string): ReplayTarget {
    const there = this.#byName.get(name) ?? [];
    const [node] = there;
    if (node !== undefined && there.length === 1) return { kind: 'node', id: node.id, part: name };
    // A number may be that of any of them.
    const numbered = isNumbered(name) ? this.#byName.get(name.replace(/ #\d+$/, '')) : undefined;
    return { kind: 'none', alike: idsOf(numbered ?? there) };
  }

  #found(node: WiredNode): ReplayTarget {
    const isName = !unnamed.test(node.name) && this.#byName.get(node.name)?.length === 1;
    return { kind: 'node', id: node.id, part: isName ? node.name : (this.#ways.get(node.id) ?? node.name) };
  }
}

function idsOf(nodes: readonly WiredNode[] = []): readonly string[] {
  return nodes.map(({ id }) => id);
}

function sourcesByTarget(ways: readonly Step[]): ReadonlyMap<string, readonly string[]> {
  const sources = new Map<string, string[]>();
  for (const { from, to } of ways) add(sources, to, from);
  return sources;
}

function add<T>(lists: Map<string, T[]>, key: string, one: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [one]);
  else list.push(one);
}

/** A node and all above it. */
function reached(id: string, above: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const ids = new Set([id]);
  // A Set goes on with what is added while it is walked.
  for (const to of ids) for (const from of above.get(to) ?? []) ids.add(from);
  return ids;
}

/** Each behind those that it is below. What stands in a circle, which a Subject can make, comes last, in any order. */
function inOrder(
  nodes: readonly WiredNode[],
  above: ReadonlyMap<string, readonly string[]>,
): readonly WiredNode[] {
  const left = new Map(nodes.map(({ id }) => [id, above.get(id)?.length ?? 0]));
  const below = new Map<string, string[]>();
  for (const [to, sources] of above) for (const from of sources) add(below, from, to);
  const byId = new Map(nodes.map(node => [node.id, node]));
  const ordered = new Set(nodes.filter(({ id }) => left.get(id) === 0));
  for (const { id } of ordered) {
    for (const to of below.get(id) ?? []) {
      const rest = (left.get(to) ?? 0) - 1;
      left.set(to, rest);
      const node = byId.get(to);
      if (rest === 0 && node !== undefined) ordered.add(node);
    }
  }
  return [...new Set([...ordered, ...nodes])];
}
