import { partitionKey } from '../../base/partition-key.js';
import type { AssignedPartition, TopicPartition } from '../../drivers/port.js';
import { EndedBranches } from '../sinks/ended-branches.js';
import type { PartitionLane } from './partition-lane.js';
import { Repeats } from './repeats.js';

/** The partitions of this member: by name for what the driver brings, by epoch for rebalances. */
export class Lanes {
  readonly #byName = new Map<string, PartitionLane>();
  /** One number per partition for the app's life: per-partition state lies in arrays under it. */
  readonly #slots = new Map<string, number>();
  readonly #repeats = new Repeats();
  /** What must not come again. */
  readonly endedBranches = new EndedBranches();
  #all: readonly PartitionLane[] = [];
  #tasks = 0;

  get all(): readonly PartitionLane[] {
    return this.#all;
  }

  /** How many tasks they are. */
  get tasks(): number {
    return this.#tasks;
  }

  of(partition: TopicPartition): PartitionLane | undefined {
    return this.#byName.get(laneName(partition));
  }

  /** In this epoch; undefined where that is over. */
  at(partition: AssignedPartition): PartitionLane | undefined {
    const lane = this.of(partition);
    return lane?.epoch === partition.epoch && !lane.ended ? lane : undefined;
  }

  /** Those of these epochs that have not ended. */
  during(partitions: readonly AssignedPartition[]): readonly PartitionLane[] {
    return partitions.map(partition => this.at(partition)).filter(lane => lane !== undefined);
  }

  /** The partition's number: the same in every epoch. */
  slotOf(partition: TopicPartition): number {
    return this.#slotNamed(laneName(partition));
  }

  /** The task's number, another than any partition's where it may have several inputs; where it has one, that one's. */
  slotOfTask(name: string): number {
    return this.#slotNamed(name);
  }

  #slotNamed(name: string): number {
    const slot = this.#slots.get(name) ?? this.#slots.size;
    this.#slots.set(name, slot);
    return slot;
  }

  add(lanes: readonly PartitionLane[]): void {
    for (const lane of lanes) this.#byName.set(laneName(lane), lane);
    this.#changed();
  }

  /** It is known which topic it is of. */
  begins(lane: PartitionLane, origin: string): void {
    lane.origin = origin;
    lane.originKnown = true;
    lane.repeatsBelow = this.#repeats.below(lane.slot, origin);
  }

  /** It begins below this offset, which is committed, to fill a store again, and what was made of that for Kafka is not written twice. */
  fills(partition: AssignedPartition, upTo: number): void {
    const lane = this.at(partition);
    if (lane === undefined) return;
    lane.fillsUpTo = upTo;
    lane.task.filling = true;
  }

  remove(lanes: readonly PartitionLane[]): void {
    for (const lane of lanes) {
      this.#byName.delete(laneName(lane));
      this.#repeats.ended(lane);
    }
    this.#changed();
  }

  #changed(): void {
    this.#all = [...this.#byName.values()];
    this.#tasks = new Set(this.#all.map(({ task }) => task)).size;
  }
}

/** As a task of one partition is named. */
function laneName(partition: TopicPartition): string {
  return partitionKey(partition);
}
