import { partitionKey } from '../../../base/partition-key.js';
import { KafkaRxError } from '../../../errors/errors.js';
import type { TopicPartition } from '../../port.js';

/** Of a partition, as the cluster knows it: the topic may be deleted, or nobody may lead it for the moment. */
export type Leadership = 'led' | 'leaderless' | 'gone';

/**
 * Where transactions of one id have written that were not ended from here, but by the coordinator: overdue, or for another owner.
 *
 * It writes a marker to each of these partitions, except where it knows of no leader at that moment, which it takes for a deleted topic
 * (Kafka up to 4.3.1, TransactionMarkerChannelManager.addTxnMarkersToBrokerQueue; a single broker that wakes is fenced by its controller
 * just then). What is left open there would become part of whatever the same producer commits next. So it is aborted
 * before: in a transaction with the same partitions and nothing in it.
 */
export class LeftOpen {
  readonly #partitions = new Map<string, TopicPartition>();

  add(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions)
      this.#partitions.set(partitionKey({ topic, partition }), { topic, partition });
  }

  clear(): void {
    this.#partitions.clear();
  }

  get isEmpty(): boolean {
    return this.#partitions.size === 0;
  }

  /**
   * What has to be aborted; without topics that are gone, with which it has gone. Rejects, retriable, where somebody's leader is unknown: no marker
   * would reach it.
   */
  async within(
    leadership: (partitions: readonly TopicPartition[]) => Promise<readonly Leadership[]>,
  ): Promise<TopicPartition[]> {
    const all = [...this.#partitions.values()];
    if (all.length === 0) return [];
    const how = await leadership(all);
    const leaderless = all.find((_, index) => how[index] === 'leaderless');
    if (leaderless !== undefined) throw withoutLeader(leaderless);
    return all.filter((_, index) => how[index] === 'led');
  }
}

function withoutLeader({ topic, partition }: TopicPartition): KafkaRxError {
  return new KafkaRxError(
    'COMMIT_FAILED',
    `${topic}[${partition}] has no leader, and a transaction that was open there has to be aborted first`,
    { remedy: 'Nothing: it is tried again until a broker leads the partition.', retriable: true },
  );
}
