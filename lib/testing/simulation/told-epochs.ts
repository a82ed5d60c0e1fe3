import { partitionKey } from '../../base/partition-key.js';
import type { AssignedPartition, TopicPartition } from '../../drivers/port.js';

/**
 * Which epochs there are, and of which the process has heard. A driver lives in its process, where an assignment is one step; here it is on
 * its way for a while, in which the process must not move what it does not know yet.
 */
export class ToldEpochs {
  readonly #current = new Map<string, number>();
  readonly #heard = new Map<string, number>();

  /** The broker's side: these and no others. */
  assigned(partitions: readonly AssignedPartition[]): void {
    this.#current.clear();
    for (const one of partitions) this.#current.set(partitionKey(one), one.epoch);
  }

  /** The process's: likewise. */
  heard(partitions: readonly AssignedPartition[]): void {
    this.#heard.clear();
    for (const one of partitions) this.#heard.set(partitionKey(one), one.epoch);
  }

  rewound(partitions: readonly AssignedPartition[]): void {
    for (const one of partitions) {
      this.#current.set(partitionKey(one), one.epoch);
      this.#heard.set(partitionKey(one), one.epoch);
    }
  }

  /** Those of which it knows the epoch that there is: a pause that it asks for is none of the assignment that is on its way. */
  known(partitions: readonly TopicPartition[]): readonly TopicPartition[] {
    return partitions.filter(one => this.#isKnown(partitionKey(one)));
  }

  /**
   * Where an assignment is on its way: epochs after those that the process knows, and before those that it will hear of, in which nothing
   * comes. Undefined where it knows all that there is.
   */
  between(partitions: readonly TopicPartition[]): readonly AssignedPartition[] | undefined {
    const keys = partitions.map(partitionKey);
    if (keys.every(key => this.#isKnown(key))) return undefined;
    return partitions.map(({ topic, partition }, i) => {
      const key = keys[i] ?? '';
      const heard = this.#heard.get(key) ?? 0;
      const epoch = (heard + (this.#current.get(key) ?? heard + 1)) / 2;
      this.#heard.set(key, epoch);
      return { topic, partition, epoch };
    });
  }

  #isKnown(key: string): boolean {
    return this.#heard.get(key) === this.#current.get(key);
  }
}
