import type { AssignedPartition } from '../../drivers/port.js';

/** The partitions that one incarnation of a process has by what it was told, each of one incarnation of its topic. */
export class Holdings {
  readonly #topicId: (topic: string) => string;
  readonly #held = new Map<string, string>();

  /** @param topicId as it is now */
  constructor(topicId: (topic: string) => string) {
    this.#topicId = topicId;
  }

  /** These and no others. @returns what tells the process of it, in its own time: the topics are those of now */
  assigned(partitions: readonly AssignedPartition[]): () => void {
    const all = partitions.map(at => [keyOf(at), `${this.#topicId(at.topic)}/${at.partition}`] as const);
    return () => {
      this.#held.clear();
      for (const [key, place] of all) this.#held.set(key, place);
    };
  }

  /** Those of these epochs are no longer its own. */
  ended(partitions: readonly AssignedPartition[]): void {
    for (const at of partitions) this.#held.delete(keyOf(at));
  }

  /** Whether it has a partition of a topic, by the topic's id. */
  has(topicId: string, partition: number): boolean {
    const place = `${topicId}/${partition}`;
    for (const held of this.#held.values()) if (held === place) return true;
    return false;
  }
}

function keyOf({ topic, partition, epoch }: AssignedPartition): string {
  return `${topic}/${partition}/${epoch}`;
}
