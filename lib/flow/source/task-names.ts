import { partitionKey } from '../../base/partition-key.js';
import { unite } from '../../base/unite.js';
import type { TopicPartition } from '../../drivers/port.js';

/** Which task a partition is of: by its topic alone, or with those of its number in topics that are co-partitioned. */
export class TaskNames {
  /** By topic, of those that are put together: all of them, in the order of their names. */
  readonly #bundles = new Map<string, string>();

  /** @param groups of topics; those that overlap are one */
  constructor(groups: readonly (readonly string[])[]) {
    const bundles = new Map<string, string[]>();
    for (const [topic, root] of unite(groups)) {
      const bundle = bundles.get(root);
      if (bundle === undefined) bundles.set(root, [topic]);
      else bundle.push(topic);
    }
    for (const topics of bundles.values()) {
      // No topic has a plus in its name.
      const name = topics.sort().join('+');
      if (topics.length > 1) for (const topic of topics) this.#bundles.set(topic, name);
    }
  }

  /** Some task has several inputs. */
  get severalInputs(): boolean {
    return this.#bundles.size > 0;
  }

  /** Such as `orders/0`, or `orders+payments/0`, in whatever order they were given. */
  of({ topic, partition }: TopicPartition): string {
    return partitionKey({ topic: this.#bundles.get(topic) ?? topic, partition });
  }
}
