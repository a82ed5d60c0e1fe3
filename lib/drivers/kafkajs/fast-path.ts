import type { Kafka } from 'kafkajs';
import { transactionalId } from '../../base/transactional-id.js';
import type {
  ConsumerListener,
  ConsumerOptions,
  DriverContext,
  ReaderOptions,
  UnitOptions,
} from '../port.js';
import { notAMember } from '../unit-errors.js';
import { unitProducerOptions } from '../unit-producer-options.js';
import type { KnownCluster } from './cluster/advertised.js';
import { ClusterConnections } from './cluster/cluster-connections.js';
import { describeTopics } from './cluster/cluster-queries.js';
import { FastQueries } from './cluster/fast-queries.js';
import { KafkajsConsumer } from './consumer/kafkajs-consumer.js';
import { type Cluster, clusterOf } from './internals/cluster.js';
import { type KafkajsPath, requireTopics } from './kafkajs-path.js';
import type { Settings } from './options.js';
import { KafkajsProducer } from './producer/kafkajs-producer.js';
import { ClusterTransport, type ProduceTransport } from './producer/produce-transport.js';
import type { BatchCompression } from './protocol/record-batch-builder.js';
import { KafkajsReader } from './reader/kafkajs-reader.js';
import { ReaderCluster } from './reader/reader-cluster.js';
import { KafkaTransaction } from './transactions/kafka-transaction.js';
import { KafkajsUnitOfWork } from './transactions/kafkajs-unit-of-work.js';
import { TransactionCoordinator } from './transactions/transaction-coordinator.js';
import { TransactionalTransport } from './transactions/transactional-transport.js';

/** Through kafkajs's inside: one cluster for producers and questions, and one for readers; each consumer has its own. */
export class FastPath implements KafkajsPath {
  readonly queries: FastQueries;
  readonly #driver: DriverContext;
  readonly #settings: Settings;
  readonly #cluster: Cluster;
  readonly #connections: ClusterConnections;
  readonly #kafka: Kafka;
  /** Made when somebody reads outside of a group. */
  #readers: ReaderCluster | undefined;
  /** The newest consumer of each group: whose offsets a unit of work commits. */
  readonly #members = new Map<string, KafkajsConsumer>();

  /** Throws `CONFIGURATION` where kafkajs is another one inside. */
  constructor(driver: DriverContext, settings: Settings, kafka: Kafka) {
    this.#driver = driver;
    this.#settings = settings;
    this.#kafka = kafka;
    this.#cluster = clusterOf(kafka, settings.metadataMaxAgeMs);
    this.#connections = new ClusterConnections(this.#cluster, driver);
    this.queries = new FastQueries(this.#cluster);
  }

  async reach(): Promise<KnownCluster> {
    await this.#cluster.connect();
    // No topic: the answer is the cluster and its brokers alone.
    const { clusterId, brokers } = await describeTopics(this.#cluster, []);
    return { clusterId, advertised: brokers };
  }

  transport(compression: BatchCompression | undefined): ProduceTransport {
    return new ClusterTransport(this.#cluster, this.#settings.requestTimeoutMs, compression);
  }

  consumer(options: ConsumerOptions, listener: ConsumerListener): KafkajsConsumer {
    const consumer = new KafkajsConsumer(
      this.#driver,
      this.#settings,
      this.#cluster,
      this.queries,
      options,
      listener,
    );
    this.#members.set(options.groupId, consumer);
    return consumer;
  }

  async unitOfWork(
    taskId: string,
    groupId: string,
    options: UnitOptions,
    compression: BatchCompression | undefined,
  ): Promise<KafkajsUnitOfWork> {
    const id = transactionalId(groupId, taskId);
    const { clock } = this.#driver;
    const timeoutMs = options.transactionTimeoutMs;
    const coordinator = new TransactionCoordinator(this.#cluster, this.#driver, id, timeoutMs);
    const transaction = await KafkaTransaction.open(coordinator, { clock, timeoutMs });
    const { maxBatchBytes, maxRequestBytes, requestTimeoutMs } = this.#settings;
    const leaders = new ClusterTransport(this.#cluster, requestTimeoutMs, compression, id);
    const producer = new KafkajsProducer(
      {
        driver: this.#driver,
        transport: new TransactionalTransport(leaders, transaction),
        maxBatchBytes,
        maxRequestBytes,
        requireTopics: topics => requireTopics(this.queries, topics),
      },
      unitProducerOptions(options),
    );
    return new KafkajsUnitOfWork({
      driver: this.#driver,
      transaction,
      producer,
      labelled: offsets => this.#members.get(groupId)?.labelled(offsets) ?? offsets,
      member: offsets => {
        const member = this.#members.get(groupId);
        if (member === undefined) throw notAMember();
        return member.memberFor(offsets);
      },
    });
  }

  reader(options: ReaderOptions): KafkajsReader {
    const driver = this.#driver;
    const { metadataMaxAgeMs, maxDecompressedBytes } = this.#settings;
    this.#readers ??= new ReaderCluster(driver, this.#settings, clusterOf(this.#kafka, metadataMaxAgeMs));
    return new KafkajsReader({ driver, cluster: this.#readers, maxDecompressedBytes }, options);
  }

  async close(): Promise<void> {
    await Promise.all([this.#connections.close(), this.#readers?.close()]);
  }
}
