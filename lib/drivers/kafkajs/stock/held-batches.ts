import type { AssignedPartition, OffsetCommit, TopicPartition } from '../../port.js';

interface Held extends AssignedPartition {
  readonly upTo: number;
  readonly release: () => void;
}

/**
 * The batches whose handlers are held open. What the port tells of their records is the commits alone, which come in
 * order: once one passes a batch's last record, all of it is settled. Plain state, without Kafka or timers.
 */
export class HeldBatches {
  #held: readonly Held[] = [];

  /** Resolves once everything below `upTo` is committed in that epoch, or the epoch is over. */
  hold(at: AssignedPartition, upTo: number): Promise<void> {
    return new Promise(release => {
      this.#held = [...this.#held, { ...at, upTo, release }];
    });
  }

  committed(offsets: readonly OffsetCommit[]): void {
    this.#release(held =>
      offsets.some(
        commit => isSame(commit, held) && commit.epoch === held.epoch && commit.offset >= held.upTo,
      ),
    );
  }

  /** The partition's epoch is over. */
  drop(partition: TopicPartition): void {
    this.#release(held => isSame(partition, held));
  }

  dropAll(): void {
    this.#release(() => true);
  }

  #release(which: (held: Held) => boolean): void {
    const released = this.#held.filter(which);
    this.#held = this.#held.filter(held => !released.includes(held));
    for (const { release } of released) release();
  }
}

const isSame = (a: TopicPartition, b: TopicPartition): boolean =>
  a.topic === b.topic && a.partition === b.partition;
