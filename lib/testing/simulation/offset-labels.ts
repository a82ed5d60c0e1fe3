import type { AssignedPartition, OffsetCommit, PartitionOffset } from '../../drivers/port.js';

/** An offset that the broker has stored, and of which incarnation of the topic its sender was speaking. */
export interface StoredOffset extends OffsetCommit {
  readonly topicId: string;
}

/** Of one connection: which incarnation of its topic an offset is of, and what the broker left out. */
export class OffsetLabels {
  readonly #topicId: (topic: string) => string;
  /** By partition and epoch: which incarnation of the topic was assigned. */
  readonly #ids = new Map<string, string>();
  /** What was left out of commits, since it is of a topic that is gone: that is stored nowhere. */
  readonly #dropped = new Set<string>();

  /** @param topicId as it is now */
  constructor(topicId: (topic: string) => string) {
    this.#topicId = topicId;
  }

  /** These epochs have begun. */
  begun(partitions: readonly AssignedPartition[]): void {
    for (const one of partitions) this.#ids.set(epochOf(one), this.#topicId(one.topic));
  }

  dropped(commit: PartitionOffset): void {
    this.#dropped.add(keyOf(commit));
  }

  /** Of what was committed: all that the broker has stored. */
  stored(offsets: readonly OffsetCommit[]): readonly StoredOffset[] {
    return offsets.flatMap(one =>
      this.#dropped.delete(keyOf(one))
        ? []
        : [{ ...one, topicId: this.#ids.get(epochOf(one)) ?? this.#topicId(one.topic) }],
    );
  }
}

const keyOf = ({ topic, partition, offset }: PartitionOffset): string => `${topic}/${partition}@${offset}`;

const epochOf = ({ topic, partition, epoch }: AssignedPartition): string => `${topic}/${partition}/${epoch}`;
