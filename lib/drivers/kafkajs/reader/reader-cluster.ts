import type { DriverContext, TopicPartition } from '../../port.js';
import type { LogBounds } from '../../reader-errors.js';
import { ClusterConnections } from '../cluster/cluster-connections.js';
import { describeTopics, offsetsAt } from '../cluster/cluster-queries.js';
import { type Broker, sendBy, sendTo } from '../internals/broker.js';
import type { Cluster } from '../internals/cluster.js';
import type { Settings } from '../options.js';
import { type FetchedPartition, type FetchPosition, fetchRequest } from '../protocol/fetch.js';
import type { TopicMetadata } from '../protocol/topic-metadata.js';
import { LongPoll } from './long-poll.js';
import { partitionOf } from './partition-of.js';

/** A partition to be fetched of, and from which broker. */
export interface ReadPosition extends FetchPosition {
  readonly leader: number;
  readonly maxBytes: number;
  readonly readCommitted: boolean;
}

/** Of a broker's two, which are numbered (src/network/connectionPool.js). */
const neverHeld = 0;

/**
 * The brokers as readers outside of groups see them, by connections of their own: two for each broker, since it answers the requests of one
 * in order. By the one it is asked for what there is, and answers at once; by the other it waits for what comes.
 */
export class ReaderCluster {
  readonly #driver: DriverContext;
  readonly #settings: Settings;
  readonly #cluster: Cluster;
  readonly #connections: ClusterConnections;
  readonly #polls = new Map<string, LongPoll>();
  readonly #looks = new Map<string, Promise<TopicMetadata | undefined>>();

  constructor(driver: DriverContext, settings: Settings, cluster: Cluster) {
    this.#driver = driver;
    this.#settings = settings;
    this.#cluster = cluster;
    this.#connections = new ClusterConnections(cluster, driver);
  }

  /** Undefined where there is none. Those who ask at the same time share an answer. */
  describe(topic: string): Promise<TopicMetadata | undefined> {
    const under = this.#looks.get(topic);
    if (under !== undefined) return under;
    const look = this.#describe(topic).finally(() => this.#looks.delete(topic));
    this.#looks.set(topic, look);
    return look;
  }

  /** Where the partition's log begins and ends. */
  async bounds(leader: number, partition: TopicPartition): Promise<LogBounds> {
    const broker = await this.#broker(leader);
    const start = await offsetsAt(broker, [partition], 'earliest', false);
    const end = await offsetsAt(broker, [partition], 'latest', false);
    return { start: start(partition), end: end(partition) };
  }

  /** What there is now of this partition alone. */
  async fetch(position: ReadPosition): Promise<FetchedPartition> {
    const { leader, maxBytes, readCommitted } = position;
    const broker = await this.#broker(leader);
    const limits = { maxWaitMs: 0, maxBytes, maxBytesPerPartition: maxBytes };
    const request = fetchRequest([position], { ...limits, readCommitted });
    const response = await sendBy(broker, async () => {
      const connection = await broker.connectionPool.getConnection(neverHeld);
      await connection.authenticate();
      return connection.send(request);
    });
    return partitionOf(response, position);
  }

  /** What there is, or comes within `maxWaitMs`, of this partition among others. */
  await(position: ReadPosition): Promise<FetchedPartition> {
    const { leader, readCommitted } = position;
    const key = `${leader} ${readCommitted}`;
    const poll = this.#polls.get(key) ?? this.#poll(leader, readCommitted);
    this.#polls.set(key, poll);
    return poll.ask(position);
  }

  /** Brokers may have other addresses by now. */
  refresh(): Promise<void> {
    return this.#cluster.refreshMetadata();
  }

  async close(): Promise<void> {
    for (const poll of this.#polls.values()) poll.wake();
    await this.#connections.close();
  }

  #poll(leader: number, readCommitted: boolean): LongPoll {
    const { maxWaitMs, maxBytes, maxBytesPerPartition } = this.#settings;
    return new LongPoll({
      clock: this.#driver.clock,
      maxWaitMs,
      send: async positions => {
        const limits = { maxWaitMs, maxBytes, maxBytesPerPartition };
        return sendTo(await this.#broker(leader), fetchRequest(positions, { ...limits, readCommitted }));
      },
    });
  }

  async #describe(topic: string): Promise<TopicMetadata | undefined> {
    const { topics } = await describeTopics(this.#cluster, [topic]);
    const found = topics.find(({ name }) => name === topic);
    // Without a topic to ask about, kafkajs asks about all for the brokers' addresses.
    if (found !== undefined && this.#cluster.brokerPool.metadata === null)
      await this.#cluster.addMultipleTargetTopics([topic]);
    return found;
  }

  async #broker(nodeId: number): Promise<Broker> {
    // Known by kafkajs's own metadata alone.
    if (this.#cluster.brokerPool.brokers[nodeId] === undefined) await this.#cluster.refreshMetadata();
    return this.#cluster.findBroker({ nodeId });
  }
}
