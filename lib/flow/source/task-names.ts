import { partitionKey } from '../../base/partition-key.js';
import { unite } from '../../base/unite.js';
import type { TopicPartition } from '../../drivers/port.js';

/** Which task a partition is of: by its topic alone, or with those of its number in topics that are co-partitioned. */
export class TaskNames {
  readonly #groups: readonly (readonly string[])[];
  /** By topic, of those that are put together: all of them, in the order of their names. */
  #bundles: ReadonlyMap<string, string>;
  /** What tasks are called of which some topic leads to a state, without their number. */
  #stateful: ReadonlySet<string> = new Set();
  /** The same of those that write what is internal: states, or topics. */
  #byUnits: ReadonlySet<string> = new Set();

  /** @param groups of topics; those that overlap are one */
  constructor(groups: readonly (readonly string[])[]) {
    this.#groups = groups;
    this.#bundles = bundlesOf(groups);
  }

  /** The same with these groups besides. */
  with(groups: readonly (readonly string[])[]): TaskNames {
    return new TaskNames([...this.#groups, ...groups]);
  }

  /**
   * The topology is wired, and nothing is assigned yet.
   *
   * @param groups of topics, each of those whose records come to one state
   * @param others topics whose records go on by way of an internal one
   */
  haveStates(groups: readonly (readonly string[])[], others: readonly string[]): void {
    this.#bundles = bundlesOf([...this.#groups, ...groups]);
    this.#stateful = new Set(groups.flat().map(topic => this.bundleOf(topic)));
    this.#byUnits = new Set([...this.#stateful, ...others.map(topic => this.bundleOf(topic))]);
  }

  /** Groups of topics of which a member has the same partition numbers. */
  get coPartitioned(): readonly (readonly string[])[] {
    return [...new Set(this.#bundles.values())].map(topicsOf);
  }

  /** Some task has several inputs. */
  get severalInputs(): boolean {
    return this.#bundles.size > 0;
  }

  /** Whether tasks of the topic are committed by units of work, whatever the app's guarantee. */
  commitsByUnits(topic: string): boolean {
    return this.#byUnits.has(this.bundleOf(topic));
  }

  /** Whether tasks of the topic have states. */
  hasStates(topic: string): boolean {
    return this.#stateful.has(this.bundleOf(topic));
  }

  /** Such as `orders`, or `orders+payments`: what tasks of the topic are called, without their number. */
  bundleOf(topic: string): string {
    return this.#bundles.get(topic) ?? topic;
  }

  /** Such as `orders/0`, or `orders+payments/0`, in whatever order they were given. */
  of({ topic, partition }: TopicPartition): string {
    return partitionKey({ topic: this.bundleOf(topic), partition });
  }
}

/** What a task is called without its number, and that. @param task such as `orders/0` */
export function bundleAndPartition(task: string): readonly [bundle: string, partition: number] {
  const end = task.lastIndexOf('/');
  return [task.slice(0, end), Number(task.slice(end + 1))];
}

/** Of what tasks are called, without their number. */
export function topicsOf(bundle: string): readonly string[] {
  return bundle.split('+');
}

function bundlesOf(groups: readonly (readonly string[])[]): ReadonlyMap<string, string> {
  const bundles = new Map<string, string[]>();
  for (const [topic, root] of unite(groups)) {
    const bundle = bundles.get(root);
    if (bundle === undefined) bundles.set(root, [topic]);
    else bundle.push(topic);
  }
  const named = new Map<string, string>();
  for (const topics of bundles.values()) {
    // No topic has a plus in its name.
    const name = topics.sort().join('+');
    if (topics.length > 1) for (const topic of topics) named.set(topic, name);
  }
  return named;
}
