import { partitionKey } from '../../base/partition-key.js';
import type { TopicPartition } from '../../drivers/port.js';

/** Notes where a process has one input of a task fetched while it has the others paused: its task waits for it, whatever else is full. */
export class Pauses {
  readonly #coPartitioned: readonly (readonly string[])[];
  readonly #mark: (name: string) => void;
  readonly #paused = new Set<string>();

  constructor(coPartitioned: readonly (readonly string[])[], mark: (name: string) => void) {
    this.#coPartitioned = coPartitioned;
    this.#mark = mark;
  }

  paused(partitions: readonly TopicPartition[]): void {
    for (const one of partitions) this.#paused.add(partitionKey(one));
  }

  resumed(partitions: readonly TopicPartition[]): void {
    this.begun(partitions);
    const [only, another] = partitions;
    if (only === undefined || another !== undefined) return;
    const beside = this.#coPartitioned.find(group => group.includes(only.topic)) ?? [];
    const isAlone = beside.some(topic => this.#paused.has(partitionKey({ ...only, topic })));
    if (isAlone) this.#mark('task: an input goes on while the others are paused');
  }

  /** None of them is paused any more. */
  begun(partitions: readonly TopicPartition[]): void {
    for (const one of partitions) this.#paused.delete(partitionKey(one));
  }
}
