import type { PartitionOffset, StartFrom, TopicPartition } from '../../port.js';
import type { Committed } from '../../topic-commits.js';
import { groupActive, missingTopics, refusedDeletion } from '../errors.js';
import { sendTo } from '../internals/broker.js';
import type { Cluster } from '../internals/cluster.js';
import type { ClusterQueries, KnownTopic } from '../kafkajs-path.js';
import { sendParts } from '../producer/send-parts.js';
import { byTopic } from '../protocol/by-topic.js';
import { deleteRecordsRequest } from '../protocol/delete-records.js';
import { errorType } from '../protocol/error-codes.js';
import { offsetCommitRequest } from '../protocol/offset-commit.js';
import { committedOffsets, describeTopics, hasCommitted, offsetsAt } from './cluster-queries.js';

/** How long a leader waits for its followers to have done it too. */
const followersMs = 5_000;

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

  async offsets(topic: string, at: StartFrom, readCommitted = false): Promise<readonly number[]> {
    const offsets: number[] = [];
    for (const [leader, led] of await this.#byLeader(topic, await this.#partitionsOf(topic))) {
      const broker = await this.#cluster.findBroker({ nodeId: leader });
      const offsetOf = await offsetsAt(broker, led, at, readCommitted);
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
    // Whoever only looks is not held up by a transaction.
    const committedOf = await committedOffsets(coordinator, groupId, partitions, false);
    return partitions.map(partition => {
      const { offset, metadata, leaderEpoch } = committedOf(partition);
      return { offset, metadata, leaderEpoch };
    });
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

  async deleteRecords(offsets: readonly PartitionOffset[]): Promise<void> {
    for (const [topic, ofTopic] of byTopic(offsets)) {
      const partitions = await this.#partitionsOf(topic);
      const missing = ofTopic.filter(({ partition }) => partitions[partition] === undefined);
      if (missing.length > 0) throw missingTopics(missing.map(at => `${at.topic}-${at.partition}`));
      const asked = new Map(ofTopic.map(at => [at.partition, at]));
      for (const [leader, led] of await this.#byLeader(topic, partitions)) {
        const ofLeader = led.flatMap(({ partition }) => asked.get(partition) ?? []);
        if (ofLeader.length === 0) continue;
        const broker = await this.#cluster.findBroker({ nodeId: leader });
        const { results } = await sendParts(broker, deleteRecordsRequest(ofLeader, followersMs));
        for (const { partition, errorCode } of results) {
          const at = asked.get(partition);
          if (errorCode !== 0 && at !== undefined) throw refusedDeletion(at, errorType(errorCode), undefined);
        }
      }
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
