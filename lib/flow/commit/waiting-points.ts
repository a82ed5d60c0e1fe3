import { partitionKey } from '../../base/partition-key.js';
import type { OffsetCommit, TopicPartition } from '../../drivers/port.js';
import type { CommitSource } from './commit-cycle.js';

/** Commit points that were handed over and wait for a commit: the newest of each partition. */
export class WaitingPoints implements CommitSource {
  /** By topic and partition. Two steps, since a joined name is a string a record. */
  readonly #waiting = new Map<string, Map<number, OffsetCommit>>();
  /** Partitions given up since the last were taken. */
  readonly #forgotten = new Set<string>();

  get waits(): boolean {
    return this.#waiting.size > 0;
  }

  /** A newer one of the same partition replaces it. */
  add(point: OffsetCommit): void {
    this.#of(point).set(point.partition, point);
  }

  forget({ topic, partition }: TopicPartition): void {
    const partitions = this.#waiting.get(topic);
    partitions?.delete(partition);
    if (partitions?.size === 0) this.#waiting.delete(topic);
    this.#forgotten.add(partitionKey({ topic, partition }));
  }

  take(): readonly OffsetCommit[] {
    const points = [...this.#waiting.values()].flatMap(partitions => [...partitions.values()]);
    this.#waiting.clear();
    this.#forgotten.clear();
    return points;
  }

  isOurs(point: OffsetCommit): boolean {
    return this.#forgotten.size === 0 || !this.#forgotten.has(partitionKey(point));
  }

  putBack(point: OffsetCommit): void {
    if (!this.isOurs(point)) return;
    const partitions = this.#of(point);
    if (!partitions.has(point.partition)) partitions.set(point.partition, point);
  }

  #of({ topic }: OffsetCommit): Map<number, OffsetCommit> {
    let partitions = this.#waiting.get(topic);
    if (partitions === undefined) {
      partitions = new Map();
      this.#waiting.set(topic, partitions);
    }
    return partitions;
  }
}
