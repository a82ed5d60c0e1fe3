import type { KafkaRxError } from '../../../errors/errors.js';
import type { TopicPartition } from '../../port.js';
import { describeTopics } from '../cluster/cluster-queries.js';
import type { Broker } from '../internals/broker.js';
import type { Cluster, PartitionMetadata } from '../internals/cluster.js';
import { errorType } from '../protocol/error-codes.js';
import { initProducerIdRequest, type ProducerIdentity } from '../protocol/init-producer-id.js';
import { produceRequest } from '../protocol/produce.js';
import { protocolError } from '../protocol/protocol-error.js';
import type { BatchCompression, RecordBatchBuilder } from '../protocol/record-batch-builder.js';
import { sendParts } from './send-parts.js';

/** The records of one partition in one request. */
export interface OutgoingBatch extends TopicPartition {
  readonly batch: RecordBatchBuilder;
}

/**
 * What became of one batch; `error` is Kafka's name of the error, or the kind of what went wrong on the way, `fatal` what ended that for good,
 * such as credentials that are refused.
 */
export type BatchResult =
  | (TopicPartition & { readonly baseOffset: number; readonly error?: undefined })
  | (TopicPartition & {
      readonly error: string;
      readonly passes?: boolean | undefined;
      readonly fatal?: KafkaRxError | undefined;
    });

/** The way of batches to their leaders. A result for each batch is not promised: what has none was not sent. */
export interface ProduceTransport {
  /** Sends to one broker. Rejects where nothing is known of any batch. */
  send(nodeId: number, batches: readonly OutgoingBatch[]): Promise<readonly BatchResult[]>;
  /** Who leads the partition, -1 where that is not known. */
  leader(partition: TopicPartition): number;
  partitionCount(topic: string): number;
  /** @see DriverProducer.available */
  available?(topic: string): () => readonly number[];
  /** Loads these topics' metadata from now on. */
  add(topics: readonly string[]): Promise<void>;
  refresh(): Promise<void>;
  refreshIfDue(): Promise<void>;
  /**
   * An identity that no producer ever had, under which the leaders write no batch twice; undefined where the cluster
   * gives none. Absent where batches cannot be numbered.
   */
  identity?(): Promise<ProducerIdentity | undefined>;
}

/** CLUSTER_AUTHORIZATION_FAILED (brokers before 2.8 want a right of its own for it) and UNSUPPORTED_VERSION. */
const givesNone: ReadonlySet<number> = new Set([31, 35]);

/**
 * Produce requests straight to the leaders, each built and answered for here. Not through kafkajs's `sendBatch`: that
 * one can resolve without having sent a partition (src/producer/sendMessages.js, brokersWithoutResponse: one whose
 * leader changed to a broker that has answered already), and rejects for all partitions when one is refused.
 */
export class ClusterTransport implements ProduceTransport {
  readonly #cluster: Cluster;
  readonly #timeoutMs: number;
  readonly #compression: BatchCompression | undefined;
  readonly #transactionalId: string | null;
  readonly #counts = new Map<string, number>();
  /** Which topics the counts are of. */
  readonly #ids = new Map<string, string>();
  /** The answer that they are of. */
  #counted: object | null = null;
  /** Of each answer about a topic whose partitions are in no order. */
  readonly #byId = new WeakMap<readonly PartitionMetadata[], Map<number, PartitionMetadata>>();

  constructor(
    cluster: Cluster,
    timeoutMs: number,
    compression: BatchCompression | undefined,
    transactionalId: string | null = null,
  ) {
    this.#cluster = cluster;
    this.#timeoutMs = timeoutMs;
    this.#compression = compression;
    this.#transactionalId = transactionalId;
  }

  async send(nodeId: number, batches: readonly OutgoingBatch[]): Promise<readonly BatchResult[]> {
    const broker: Broker = await this.#cluster.findBroker({ nodeId });
    const partitions = await Promise.all(
      batches.map(async ({ topic, partition, batch }) => ({
        topic,
        partition,
        batch: await batch.seal(this.#compression),
      })),
    );
    const request = produceRequest(partitions, this.#timeoutMs, this.#transactionalId);
    const { results } = await sendParts(broker, request);
    return results.map(({ topic, partition, errorCode, baseOffset }) =>
      errorCode === 0 ? { topic, partition, baseOffset } : { topic, partition, error: errorType(errorCode) },
    );
  }

  async identity(): Promise<ProducerIdentity | undefined> {
    const broker = await this.#cluster.brokerPool.findConnectedBroker();
    const request = initProducerIdRequest();
    if (broker.versions?.[request.apiKey] === undefined) return undefined;
    const { errorCode, identity } = await sendParts(broker, request);
    if (errorCode === 0) return identity;
    if (givesNone.has(errorCode)) return undefined;
    throw protocolError('no producer id', errorType(errorCode));
  }

  leader({ topic, partition }: TopicPartition): number {
    const partitions = this.#metadata(topic);
    // Mostly in order: with a search for each, a request to a thousand partitions would look at half a million.
    const there = partitions[partition];
    const found = there?.partitionId === partition ? there : this.#search(partitions, partition);
    return found?.leader ?? -1;
  }

  partitionCount(topic: string): number {
    // Asked for with every record: looked up once for each answer about the cluster.
    const { metadata } = this.#cluster.brokerPool;
    if (metadata !== this.#counted) {
      this.#counted = metadata;
      // A topic never has fewer, unless it is another, which `#compare` finds out; it may be missing from the metadata for a moment.
      for (const [known, count] of this.#counts)
        this.#counts.set(known, Math.max(count, this.#metadata(known).length));
    }
    const known = this.#counts.get(topic);
    if (known !== undefined && known > 0) return known;
    const count = this.#metadata(topic).length;
    this.#counts.set(topic, count);
    return count;
  }

  available(topic: string): () => readonly number[] {
    let heard: object | null = null;
    let list: readonly number[] = [];
    return () => {
      const { metadata } = this.#cluster.brokerPool;
      if (metadata === heard) return list;
      heard = metadata;
      const led = this.#metadata(topic).filter(({ leader }) => leader >= 0);
      list = led.map(({ partitionId }) => partitionId).sort((a, b) => a - b);
      return list;
    };
  }

  async add(topics: readonly string[]): Promise<void> {
    const { topics: found } = await describeTopics(this.#cluster, topics);
    for (const { name, id } of found) this.#ids.set(name, id);
    await this.#cluster.addMultipleTargetTopics(topics);
  }

  async refresh(): Promise<void> {
    await this.#cluster.refreshMetadata();
    await this.#compare();
  }

  async refreshIfDue(): Promise<void> {
    await this.#cluster.refreshMetadataIfNecessary();
    await this.#compare();
  }

  /** An answer that has fewer partitions is out of date, or of a topic that was made anew: the id tells. */
  async #compare(): Promise<void> {
    const fewer = [...this.#counts.keys()].filter(topic => {
      const { length } = this.#metadata(topic);
      return length > 0 && length < this.partitionCount(topic);
    });
    if (fewer.length === 0) return;
    const { topics } = await describeTopics(this.#cluster, fewer);
    for (const { name, id, partitions } of topics) {
      if (id === this.#ids.get(name)) continue;
      this.#ids.set(name, id);
      this.#counts.set(name, partitions);
    }
  }

  #search(partitions: readonly PartitionMetadata[], partition: number): PartitionMetadata | undefined {
    let byId = this.#byId.get(partitions);
    if (byId === undefined) {
      byId = new Map(partitions.map(one => [one.partitionId, one]));
      this.#byId.set(partitions, byId);
    }
    return byId.get(partition);
  }

  /** kafkajs throws while it has none (src/cluster/index.js, findTopicPartitionMetadata). */
  #metadata(topic: string): ReturnType<Cluster['findTopicPartitionMetadata']> {
    return this.#cluster.brokerPool.metadata === null ? [] : this.#cluster.findTopicPartitionMetadata(topic);
  }
}
