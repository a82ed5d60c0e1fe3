import type { Kafka } from 'kafkajs';
import { delay } from '../../clock.js';
import { KafkaRxError } from '../../errors.js';
import type { DriverAdmin, DriverContext, PartitionOffset, StartFrom, TopicPartition } from '../port.js';
import { backoffMs } from './backoff.js';
import { committedOffsets, describeTopics, offsetsAt } from './cluster-queries.js';
import { fatalErrorOf, groupActive, kindOf, missingTopics, passingError } from './errors.js';
import type { Cluster } from './internals.js';
import { commitsByTopic } from './offset-committer.js';

/** How long a question is asked again while the cluster is busy with itself, and a new topic is waited for. */
const patienceMs = 15_000;
const capMs = 1_000;

/**
 * Questions and orders to the cluster, each tried again for a while where the cause passes. Functions and not methods:
 * callers take them off the object.
 */
export class KafkajsAdmin implements DriverAdmin {
  readonly #driver: DriverContext;
  readonly #kafka: Kafka;
  readonly #cluster: Cluster;

  constructor(driver: DriverContext, kafka: Kafka, cluster: Cluster) {
    this.#driver = driver;
    this.#kafka = kafka;
    this.#cluster = cluster;
  }

  async createTopics(
    topics: readonly { readonly name: string; readonly partitions: number }[],
  ): Promise<void> {
    const there = await this.#existing(topics.map(({ name }) => name));
    const wanted = topics.filter(({ name }) => !there.has(name));
    if (wanted.length === 0) return;
    const admin = this.#kafka.admin();
    try {
      await admin.connect();
      await admin.createTopics({
        topics: wanted.map(({ name, partitions }) => ({ topic: name, numPartitions: partitions })),
      });
    } catch (error) {
      throw fatalErrorOf(error) ?? passingError('DRIVER', 'Topics could not be created', error);
    } finally {
      await admin.disconnect().catch(() => {});
    }
    await this.#persist('new topics', async () => {
      const known = await this.#existing(wanted.map(({ name }) => name));
      const missing = wanted.filter(({ name }) => !known.has(name));
      if (missing.length > 0)
        throw new KafkaRxError('DRIVER', 'A new topic is not visible yet', { retriable: true });
    });
  }

  readonly offsets = (topic: string, at: StartFrom): Promise<readonly number[]> =>
    this.#persist('offsets', async () => {
      const partitions = await this.#partitionsOf(topic);
      const offsets: number[] = [];
      for (const [leader, led] of await this.#byLeader(topic, partitions)) {
        const offsetOf = await offsetsAt(await this.#cluster.findBroker({ nodeId: leader }), led, at, false);
        for (const partition of led) offsets[partition.partition] = offsetOf(partition);
      }
      return offsets;
    });

  readonly committed = (groupId: string, topic: string): Promise<readonly number[]> =>
    this.#persist('committed offsets', async () => {
      const partitions = await this.#partitionsOf(topic);
      const coordinator = await this.#cluster.findGroupCoordinator({ groupId });
      const offsetOf = await committedOffsets(coordinator, groupId, partitions);
      return partitions.map(partition => offsetOf(partition).offset);
    });

  /**
   * One OffsetCommit of somebody who is no member, which the coordinator takes only while the group is empty. kafkajs's
   * own `setOffsets` joins the group instead and would start a rebalance among its members.
   */
  readonly resetOffsets = (groupId: string, offsets: readonly PartitionOffset[]): Promise<void> =>
    this.#persist('reset of offsets', async () => {
      if (offsets.length === 0) return;
      const coordinator = await this.#cluster.findGroupCoordinator({ groupId });
      try {
        const request = { groupId, groupGenerationId: -1, memberId: '', topics: commitsByTopic(offsets) };
        await coordinator.offsetCommit(request);
      } catch (error) {
        throw groupActive(groupId, error) ?? error;
      }
    });

  async #existing(names: readonly string[]): Promise<ReadonlySet<string>> {
    const { topics } = await describeTopics(this.#cluster, names);
    // One without a leader yet has an error code; it is not ready.
    return new Set(topics.filter(({ errorCode }) => errorCode === 0).map(({ name }) => name));
  }

  async #partitionsOf(topic: string): Promise<TopicPartition[]> {
    const { topics } = await describeTopics(this.#cluster, [topic]);
    const found = topics[0];
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

  /** Tries again while the cause passes: a coordinator that moves, a leader that is being elected. */
  async #persist<T>(what: string, ask: () => Promise<T>): Promise<T> {
    const { clock, event } = this.#driver;
    const until = clock.elapsed() + patienceMs;
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask();
      } catch (error) {
        const fatal = fatalErrorOf(error);
        if (fatal !== undefined) throw fatal;
        const delayMs = backoffMs(attempt, capMs);
        if (clock.elapsed() + delayMs > until) throw passingError('DRIVER', `No answer about ${what}`, error);
        event({ type: 'retrying', what, attempt, delayMs });
        await this.#cluster.refreshMetadata().catch(cause => {
          this.#driver.logger.debug({ reason: kindOf(cause) }, 'metadata could not be refreshed');
        });
        await delay(clock, delayMs);
      }
    }
  }
}
