import type { Kafka } from 'kafkajs';
import { delay, within } from '../../clock.js';
import { KafkaRxError } from '../../errors.js';
import type {
  ConsumerListener,
  ConsumerOptions,
  DriverAdmin,
  DriverConnection,
  DriverContext,
  DriverProducer,
  ProducerOptions,
  TopicDescription,
} from '../port.js';
import { createKafka } from './client.js';
import { ClusterConnections } from './cluster-connections.js';
import { describeTopics } from './cluster-queries.js';
import { compressionOf } from './compression/batch-compression.js';
import { fatalErrorOf, kindOf, missingTopics } from './errors.js';
import { type Cluster, clusterOf } from './internals.js';
import { KafkajsAdmin } from './kafkajs-admin.js';
import { KafkajsConsumer } from './kafkajs-consumer.js';
import { KafkajsProducer } from './kafkajs-producer.js';
import type { Settings } from './options.js';
import { ClusterTransport } from './produce-transport.js';
import type { BatchCompression } from './protocol/record-batch-encoder.js';
import { checkSecurity } from './security/check-security.js';

const betweenAttemptsMs = 200;

interface Reached {
  readonly kafka: Kafka;
  readonly cluster: Cluster;
  readonly connections: ClusterConnections;
  readonly clusterId: string;
}

/** A connected client: one cluster for producers and questions; each consumer has its own. */
export class KafkajsConnection implements DriverConnection {
  readonly clusterId: string;
  readonly admin: DriverAdmin;
  readonly #driver: DriverContext;
  readonly #settings: Settings;
  readonly #compression: BatchCompression | undefined;
  readonly #cluster: Cluster;
  readonly #connections: ClusterConnections;
  readonly #consumers = new Set<KafkajsConsumer>();
  readonly #producers = new Set<KafkajsProducer>();
  #closed: Promise<void> | undefined;

  private constructor(
    driver: DriverContext,
    settings: Settings,
    compression: BatchCompression | undefined,
    { kafka, cluster, connections, clusterId }: Reached,
  ) {
    this.#driver = driver;
    this.#settings = settings;
    this.#compression = compression;
    this.#cluster = cluster;
    this.#connections = connections;
    this.clusterId = clusterId;
    this.admin = new KafkajsAdmin(driver, kafka, cluster);
  }

  /** Rejects with `UNREACHABLE`, naming the addresses, when none answered within the bound. */
  static async open(driver: DriverContext, settings: Settings): Promise<KafkajsConnection> {
    checkSecurity(settings, driver.logger);
    const compression = await compressionOf(settings.compression);
    const kafka = createKafka(settings, driver);
    const cluster = clusterOf(kafka, settings.metadataMaxAgeMs);
    const connections = new ClusterConnections(cluster, driver);
    try {
      const clusterId = await reach(driver, settings, cluster);
      driver.event({ type: 'connected' });
      return new KafkajsConnection(driver, settings, compression, { kafka, cluster, connections, clusterId });
    } catch (error) {
      await connections.close();
      throw error;
    }
  }

  async topics(names?: readonly string[]): Promise<readonly TopicDescription[]> {
    if (names?.length === 0) return [];
    const { topics } = await describeTopics(this.#cluster, names);
    return topics.map(({ name, id, partitions, internal }) => ({ name, id, partitions, internal }));
  }

  consumer(options: ConsumerOptions, listener: ConsumerListener): KafkajsConsumer {
    const consumer = new KafkajsConsumer(this.#driver, this.#settings, this.#cluster, options, listener);
    this.#consumers.add(consumer);
    return consumer;
  }

  producer(options: ProducerOptions): DriverProducer {
    const { maxBatchBytes, maxRequestBytes, requestTimeoutMs } = this.#settings;
    const producer = new KafkajsProducer(
      {
        driver: this.#driver,
        transport: new ClusterTransport(this.#cluster, requestTimeoutMs, this.#compression),
        maxBatchBytes,
        maxRequestBytes,
        requireTopics: topics => this.#requireTopics(topics),
      },
      options,
    );
    this.#producers.add(producer);
    return producer;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#consumers].map(consumer => consumer.stop()));
    await Promise.all([...this.#producers].map(producer => producer.close()));
    await this.#connections.close();
    this.#driver.event({ type: 'disconnected', error: undefined });
  }

  async #requireTopics(names: readonly string[]): Promise<void> {
    const known = new Set((await this.topics(names)).map(({ name }) => name));
    const missing = names.filter(name => !known.has(name));
    if (missing.length > 0) throw missingTopics(missing);
  }
}

/** Asks for the cluster's id until a broker answers or the time is over. */
async function reach(driver: DriverContext, settings: Settings, cluster: Cluster): Promise<string> {
  const { clock } = driver;
  const until = clock.elapsed() + settings.connectTimeoutMs;
  let last: unknown;
  for (let attempt = 1; clock.elapsed() < until; attempt++) {
    try {
      // No topic: the answer is the cluster and its brokers alone.
      const asked = cluster.connect().then(() => describeTopics(cluster, []));
      const answer = await within(clock, asked, Math.max(1, until - clock.elapsed()));
      if (answer !== 'late') return answer.clusterId;
    } catch (error) {
      last = error;
      const fatal = fatalErrorOf(error);
      if (fatal !== undefined) throw fatal;
      driver.event({ type: 'retrying', what: 'connect', attempt, delayMs: betweenAttemptsMs });
      await delay(clock, betweenAttemptsMs);
    }
  }
  throw new KafkaRxError(
    'UNREACHABLE',
    `No broker answered at ${settings.brokers.join(', ')}: ${kindOf(last)}`,
    {
      cause: last,
      remedy: 'Check the addresses, that Kafka runs, and that it wants no other protocol (TLS, SASL).',
      retriable: true,
    },
  );
}
