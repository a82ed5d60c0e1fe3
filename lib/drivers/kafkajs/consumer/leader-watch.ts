import type { Clock } from '../../../base/clock.js';
import type { TopicPartition } from '../../port.js';
import { backoffMs } from '../backoff.js';
import type { Cluster } from '../internals/cluster.js';

export interface LeaderWatchContext {
  readonly clock: Clock;
  /** Those of the assignment. */
  readonly partitions: () => Iterable<TopicPartition>;
}

/** Between two looks, milliseconds at most; as Java's `retry.backoff.max.ms`. */
const capMs = 1_000;

/**
 * Asks for the metadata anew, and goes on asking while a partition of the assignment has no leader in it: nobody fetches of that one, so
 * nobody would be told that it has one again, and kafkajs looks by itself after `metadataMaxAgeMs` only.
 */
export class LeaderWatch {
  readonly #context: LeaderWatchContext;
  #waiting = false;
  #attempt = 0;

  constructor(context: LeaderWatchContext) {
    this.#context = context;
  }

  /** Rejects where the metadata could not be had. */
  async refresh(cluster: Cluster, isCurrent: () => boolean): Promise<void> {
    try {
      await cluster.refreshMetadata();
    } finally {
      this.#look(cluster, isCurrent);
    }
  }

  #look(cluster: Cluster, isCurrent: () => boolean): void {
    if (this.#waiting) return;
    if (!isCurrent() || !this.#isLeaderless(cluster)) {
      this.#attempt = 0;
      return;
    }
    this.#waiting = true;
    this.#context.clock.schedule(
      () => {
        this.#waiting = false;
        // The next look tries again.
        if (isCurrent()) this.refresh(cluster, isCurrent).catch(() => {});
      },
      backoffMs(++this.#attempt, capMs),
    );
  }

  #isLeaderless(cluster: Cluster): boolean {
    if (cluster.brokerPool.metadata === null) return false;
    for (const { topic, partition } of this.#context.partitions()) {
      const found = cluster.findTopicPartitionMetadata(topic).find(one => one.partitionId === partition);
      if (found !== undefined && found.leader < 0) return true;
    }
    return false;
  }
}
