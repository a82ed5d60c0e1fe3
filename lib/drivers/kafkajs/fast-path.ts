import type { Kafka } from 'kafkajs';
import type { ConsumerListener, ConsumerOptions, DriverContext } from '../port.js';
import { ClusterConnections } from './cluster-connections.js';
import { describeTopics } from './cluster-queries.js';
import { FastQueries } from './fast-queries.js';
import { type Cluster, clusterOf } from './internals.js';
import { KafkajsConsumer } from './kafkajs-consumer.js';
import type { KafkajsPath } from './kafkajs-path.js';
import type { Settings } from './options.js';
import { ClusterTransport, type ProduceTransport } from './produce-transport.js';
import type { BatchCompression } from './protocol/record-batch-builder.js';

/** Through kafkajs's inside: one cluster for producers and questions; each consumer has its own. */
export class FastPath implements KafkajsPath {
  readonly queries: FastQueries;
  readonly #driver: DriverContext;
  readonly #settings: Settings;
  readonly #cluster: Cluster;
  readonly #connections: ClusterConnections;

  /** Throws `CONFIGURATION` where kafkajs is another one inside. */
  constructor(driver: DriverContext, settings: Settings, kafka: Kafka) {
    this.#driver = driver;
    this.#settings = settings;
    this.#cluster = clusterOf(kafka, settings.metadataMaxAgeMs);
    this.#connections = new ClusterConnections(this.#cluster, driver);
    this.queries = new FastQueries(this.#cluster);
  }

  async reach(): Promise<string> {
    await this.#cluster.connect();
    // No topic: the answer is the cluster and its brokers alone.
    return (await describeTopics(this.#cluster, [])).clusterId;
  }

  transport(compression: BatchCompression | undefined): ProduceTransport {
    return new ClusterTransport(this.#cluster, this.#settings.requestTimeoutMs, compression);
  }

  consumer(options: ConsumerOptions, listener: ConsumerListener): KafkajsConsumer {
    return new KafkajsConsumer(this.#driver, this.#settings, this.#cluster, this.queries, options, listener);
  }

  close(): Promise<void> {
    return this.#connections.close();
  }
}
