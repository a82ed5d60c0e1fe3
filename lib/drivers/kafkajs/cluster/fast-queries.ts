import type { PartitionOffset, StartFrom, TopicPartition } from '../../port.js';
import type { Committed } from '../../topic-commits.js';
import { groupActive, missingTopics } from '../errors.js';
import { sendTo } from '../internals/broker.js';
import type { Cluster } from '../internals/cluster.js';
import type { ClusterQueries, KnownTopic } from '../kafkajs-path.js';
import { offsetCommitRequest } from '../protocol/offset-commit.js';
import { committedOffsets, describeTopics, hasCommitted, offsetsAt } from './cluster-queries.js';

/** {@link ClusterQueries} by requests of our own, which tell topic ids and of each partition by itself. */
export class FastQueries implements ClusterQueries {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async topics(names?: readonly string[]): Promise<readonly KnownTopic[]> {
    if (names?.length === 0) return [];
    const { topics } = await describeTopics(this.#cluster, names);
    return topics.map(({ name, id, partitions, internal, errorCode }) => ({
      name,
      id,
      partitions,
      internal,
      ready: errorCode === 0,
    }));
  }

  async offsets(topic: string, at: StartFrom): Promise<readonly number[]> {
    const offsets: number[] = [];
    for (const [leader, led] of await this.#byLeader(topic, await this.#partitionsOf(topic))) {
      const offsetOf = await offsetsAt(await this.#cluster.findBroker({ nodeId: leader }), led, at, false);
      for (const partition of led) offsets[partition.partition] = offsetOf(partition);
    }
    return offsets;
  }

  async hasCommitted(groupId: string): Promise<boolean> {
    return hasCommitted(await this.#cluster.findGroupCoordinator({ groupId }), groupId);
  }

  async committed(groupId: string, topic: string): Promise<readonly Committed[]> {
    const partitions = await this.#partitionsOf(topic);
    const coordinator = await this.#cluster.findGroupCoordinator({ groupId });
    return partitions.map(await committedOffsets(coordinator, groupId, partitions));
  }

  /**
   * One OffsetCommit of somebody who is no member, which the coordinator takes only while the group is empty. kafkajs's
   * own `setOffsets` joins the group instead and would start a rebalance among its members.
   */
  async resetOffsets(groupId: string, offsets: readonly PartitionOffset[]): Promise<void> {
    const coordinator = await this.#cluster.findGroupCoordinator({ groupId });
    try {
      const nobody = { groupId, groupGenerationId: -1, memberId: '' };
      await sendTo(coordinator, offsetCommitRequest(nobody, offsets));
    } catch (error) {
      throw groupActive(groupId, error) ?? error;
    }
  }

  refresh(): Promise<void> {
    return this.#cluster.refreshMetadata();
  }

  async #partitionsOf(topic: string): Promise<TopicPartition[]> {
    const [found] = await this.topics([topic]);
    if (found === undefined) throw missingTopics([topic]);
    return Array.from({ length: found.partitions }, (_, partition) => ({ topic, partition }));
  }

  async #byLeader(
    topic: string,
    partitions: readonly TopicPartition[],
  ): Promise<Map<number, TopicPartition[]>> {
    await this.#cluster.addMultipleTargetTopics([topic]);
    if (this.#cluster.findTopicPartitionMetadata(topic).length < partitions.length)
      await this.#cluster.refreshMetadata();
    const leaders = new Map<number, TopicPartition[]>();
    for (const { partitionId, leader } of this.#cluster.findTopicPartitionMetadata(topic)) {
      const led = leaders.get(leader) ?? [];
      led.push({ topic, partition: partitionId });
      leaders.set(leader, led);
    }
    return leaders;
  }
}
