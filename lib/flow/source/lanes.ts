import type { AssignedPartition, TopicPartition } from '../../drivers/port.js';
import type { PartitionLane } from './partition-lane.js';

/** The partitions of this member: by name for what the driver brings, by slot for commit points, by epoch for rebalances. */
export class Lanes {
  readonly #byName = new Map<string, PartitionLane>();
  readonly #bySlot: (PartitionLane | undefined)[] = [];
  /** One number per partition for the app's life: the index of its commit state. */
  readonly #slots = new Map<string, number>();
  #all: readonly PartitionLane[] = [];

  get all(): readonly PartitionLane[] {
    return this.#all;
  }

  of(partition: TopicPartition): PartitionLane | undefined {
    return this.#byName.get(laneName(partition));
  }

  at(slot: number): PartitionLane | undefined {
    return this.#bySlot[slot];
  }

  /** Those of these epochs that have not ended. */
  during(partitions: readonly AssignedPartition[]): readonly PartitionLane[] {
    const names = new Set(partitions.map(epochName));
    return this.#all.filter(lane => names.has(epochName(lane)));
  }

  /** The partition's number: the same in every epoch. */
  slotOf(partition: TopicPartition): number {
    const name = laneName(partition);
    const slot = this.#slots.get(name) ?? this.#slots.size;
    this.#slots.set(name, slot);
    return slot;
  }

  add(lanes: readonly PartitionLane[]): void {
    for (const lane of lanes) {
      this.#byName.set(laneName(lane), lane);
      this.#bySlot[lane.slot] = lane;
    }
    this.#all = [...this.#byName.values()];
  }

  remove(lanes: readonly PartitionLane[]): void {
    for (const lane of lanes) {
      this.#byName.delete(laneName(lane));
      this.#bySlot[lane.slot] = undefined;
    }
    this.#all = [...this.#byName.values()];
  }
}

function laneName({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

function epochName(partition: AssignedPartition): string {
  return `${laneName(partition)}@${partition.epoch}`;
}
