import type { App } from 'kafka-rx';
import { Kafka, logLevel, type Message } from 'kafkajs';
import { type ClusterOptions, type KafkaCluster, startCluster } from '../kafka/cluster.js';

export interface AppsOnKafka {
  readonly cluster: KafkaCluster;
  /** For all that is not tested. */
  readonly kafka: Kafka;
  /** Apps that are stopped in the end, before the cluster is. */
  readonly running: App[];
  /** Resolves when the topics have leaders. @param config their own settings, as the brokers name them */
  createTopics(
    names: readonly string[],
    partitions: number,
    config?: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** In order, so many in one request, of which each partition has a batch. */
  send(topic: string, messages: readonly Message[], atOnce?: number): Promise<void>;
}

/** A cluster of the suite that calls it, from the first of its tests to the last. */
export function appsOnKafka(options: ClusterOptions = {}): AppsOnKafka {
  let started: KafkaCluster | undefined;
  let kafka: Kafka | undefined;
  const running: App[] = [];

  beforeAll(async () => {
    started = await startCluster(options);
    kafka = new Kafka({ brokers: [...started.brokers], logLevel: logLevel.NOTHING });
  }, 120_000);

  afterAll(async () => {
    await Promise.all(running.map(app => app.stop()));
    await started?.stop();
  }, 60_000);

  return {
    running,
    get cluster() {
      return begun(started);
    },
    get kafka() {
      return begun(kafka);
    },
    createTopics: async (names, numPartitions, config = {}) => {
      const admin = begun(kafka).admin();
      await admin.connect();
      const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
      const topics = names.map(topic => ({ topic, numPartitions, configEntries }));
      await admin.createTopics({ topics, waitForLeaders: true });
      await admin.disconnect();
    },
    send: async (topic, messages, atOnce = 500) => {
      const producer = begun(kafka).producer({ idempotent: true });
      await producer.connect();
      for (let first = 0; first < messages.length; first += atOnce)
        await producer.send({ topic, messages: messages.slice(first, first + atOnce) });
      await producer.disconnect();
    },
  };
}

function begun<T>(one: T | undefined): T {
  if (one === undefined) throw new Error('The cluster is there in tests only');
  return one;
}
