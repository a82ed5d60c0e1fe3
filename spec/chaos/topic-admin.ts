import kafkajs from 'kafkajs';
import { outputTopics } from './evidence.js';
import { lettersTopic } from './exactly-once/acceptance-topics.js';
import { groupId, inputTopic } from './messages.js';
import { quietKafka } from './quiet-kafka.js';

/** Output partitions; the input has as many to begin with. */
export const partitionsAtFirst = 4;

/** Append times are the broker's: the checker asks when a record was durable. */
const outputConfig = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }];

/** Kafka's group coordinator is the leader of this partition of `__consumer_offsets` (`Utils.abs(groupId.hashCode)`). */
function coordinatorPartition(partitions: number): number {
  let hash = 0;
  for (let i = 0; i < groupId.length; i++) hash = (Math.imul(31, hash) + groupId.charCodeAt(i)) | 0;
  return (hash & 0x7f_ff_ff_ff) % partitions;
}

/** What faults ask of the cluster about topics; a connection for each question, since brokers come and go. */
export class TopicAdmin {
  readonly #brokers: readonly string[];
  readonly #nodes: number;

  constructor(brokers: readonly string[], nodes: number) {
    this.#brokers = brokers;
    this.#nodes = nodes;
  }

  async create(): Promise<void> {
    const configEntries = [...outputConfig];
    await this.#ask(admin =>
      admin.createTopics({
        waitForLeaders: false,
        topics: [
          { topic: inputTopic, numPartitions: partitionsAtFirst },
          ...[...outputTopics, lettersTopic].map(topic => ({
            ...{ topic, numPartitions: partitionsAtFirst, configEntries },
          })),
        ],
      }),
    );
  }

  /** The largest batch that the topic takes; `undefined` for the cluster's own limit. */
  async limitBatches(topic: string, bytes: number | undefined): Promise<void> {
    // The request replaces all of the topic's own settings.
    const configEntries = [...outputConfig];
    if (bytes !== undefined) configEntries.push({ name: 'max.message.bytes', value: String(bytes) });
    await this.#ask(admin =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries }],
      }),
    );
  }

  /** @returns the number of the input's partitions before and now */
  async addInputPartition(): Promise<{ readonly before: number; readonly now: number }> {
    const now = await this.addPartition(inputTopic);
    return { before: now - 1, now };
  }

  /** Makes a topic whose append times are the broker's, and waits until it has leaders. */
  async make(topic: string, numPartitions: number): Promise<void> {
    // Tried again while the one before is still going.
    await this.#ask(admin =>
      admin.createTopics({
        waitForLeaders: false,
        topics: [{ topic, numPartitions, configEntries: [...outputConfig] }],
      }),
    );
    await this.ends(topic);
  }

  async delete(topic: string): Promise<void> {
    await this.#ask(admin => admin.deleteTopics({ topics: [topic] }));
  }

  /** @returns the number of its partitions now */
  async addPartition(topic: string): Promise<number> {
    const count = (await this.ends(topic)).size + 1;
    await this.#ask(admin => admin.createPartitions({ topicPartitions: [{ topic, count }] }));
    return count;
  }

  /** What the group has committed of a topic; -1: nothing. */
  async committed(topic: string): Promise<ReadonlyMap<number, number>> {
    const answer = await this.#ask(async admin => {
      await admin.fetchTopicMetadata({ topics: [topic] });
      return admin.fetchOffsets({ groupId, topics: [topic] });
    });
    return new Map(answer[0]?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  }

  /** End offsets, of the input by default. */
  async ends(topic = inputTopic): Promise<Map<number, number>> {
    const offsets = await this.#ask(admin => admin.fetchTopicOffsets(topic));
    return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
  }

  /** How many members the group has; undefined while it is not settled. */
  async stableMembers(): Promise<number | undefined> {
    const { groups } = await this.#ask(async admin => {
      // `connect` alone loads no metadata, and a coordinator is asked for through a known broker.
      await admin.fetchTopicMetadata({ topics: [inputTopic] });
      return admin.describeGroups([groupId]);
    });
    const [group] = groups;
    return group?.state === 'Stable' || group?.state === 'Empty' ? group.members.length : undefined;
  }

  /** The node that coordinates the group, from 1. */
  async coordinator(): Promise<number> {
    const topic = '__consumer_offsets';
    const { topics } = await this.#ask(admin => admin.fetchTopicMetadata({ topics: [topic] }));
    const partitions = topics[0]?.partitions ?? [];
    const wanted = coordinatorPartition(partitions.length);
    return partitions.find(({ partitionId }) => partitionId === wanted)?.leader ?? 1;
  }

  /** Gives every partition of these topics another preferred leader; the controller moves them there. */
  async rotateLeaders(topics: readonly string[]): Promise<void> {
    const metadata = await this.#ask(admin => admin.fetchTopicMetadata({ topics: [...topics] }));
    await this.#ask(admin =>
      admin.alterPartitionReassignments({
        topics: metadata.topics.map(({ name, partitions }) => ({
          topic: name,
          partitionAssignment: partitions.map(({ partitionId, leader }) => ({
            partition: partitionId,
            replicas: Array.from({ length: this.#nodes }, (_, i) => ((leader + i) % this.#nodes) + 1),
          })),
        })),
      }),
    );
  }

  async #ask<T>(question: (admin: kafkajs.Admin) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const admin = quietKafka(this.#brokers).admin();
      try {
        await admin.connect();
        return await question(admin);
      } catch (error) {
        if (attempt === 10) throw error;
        await new Promise(resolve => setTimeout(resolve, 500));
      } finally {
        await admin.disconnect().catch(() => {});
      }
    }
  }
}
