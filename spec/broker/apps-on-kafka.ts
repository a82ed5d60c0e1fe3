import type { App } from 'kafka-rx';
import { Kafka, logLevel } from 'kafkajs';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';

export interface AppsOnKafka {
  readonly cluster: KafkaCluster;
  /** For all that is not tested. */
  readonly kafka: Kafka;
  /** Apps that are stopped in the end, before the cluster is. */
  readonly running: App[];
}

/** A cluster of the suite that calls it, from the first of its tests to the last. */
export function appsOnKafka(): AppsOnKafka {
  let started: KafkaCluster | undefined;
  let kafka: Kafka | undefined;
  const running: App[] = [];

  beforeAll(async () => {
    started = await startCluster();
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
  };
}

function begun<T>(one: T | undefined): T {
  if (one === undefined) throw new Error('The cluster is there in tests only');
  return one;
}
