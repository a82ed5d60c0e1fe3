import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { startCluster } from '../../spec/kafka/cluster.js';

export interface BenchBroker {
  readonly brokers: readonly string[];
  /** For all that is not measured. */
  readonly kafka: Kafka;
  /** For what this benchmark writes to disk; removed in the end. */
  readonly folder: string;
  /** Empty topics under these names, whatever was there. */
  freshTopics(names: readonly string[], partitions: number): Promise<void>;
  /** Those whose names begin so are deleted: what a contestant has made for itself. */
  dropTopics(prefix: string): Promise<void>;
}

const attempts = 150;
const retryMs = 200;

/** Runs `work` with one Kafka node of its own, on free ports, with the JVM as Kafka's own scripts start it. */
export async function withBenchBroker<T>(work: (broker: BenchBroker) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'kafka-rx-bench-'));
  try {
    const cluster = await startCluster({ jvm: 'as-kafka' });
    try {
      const kafka = new Kafka({ clientId: 'bench', brokers: cluster.brokers, logLevel: logLevel.NOTHING });
      // Not connected while something is measured: an idle connection of kafkajs wakes up a thousand times a second.
      const withAdmin = async (ask: (admin: Admin) => Promise<void>): Promise<void> => {
        const admin = kafka.admin();
        await admin.connect();
        await ask(admin);
        await admin.disconnect();
      };
      return await work({
        ...{ brokers: cluster.brokers, kafka, folder },
        freshTopics: (names, partitions) => withAdmin(admin => recreate(admin, names, partitions)),
        dropTopics: prefix => withAdmin(admin => drop(admin, prefix)),
      });
    } finally {
      await cluster.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function recreate(admin: Admin, names: readonly string[], partitions: number): Promise<void> {
  const old = await existing(admin, names);
  if (old.length > 0) await admin.deleteTopics({ topics: old });
  // While thousands of partitions go, the broker still tells of what it no longer has: as leaders of the topics made next, say.
  await until(async () => (await existing(admin, names)).length === 0, 'old topics are still there');
  await admin.createTopics({
    waitForLeaders: false,
    topics: names.map(topic => ({ topic, numPartitions: partitions })),
  });
  await until(() => areLed(admin, names, partitions), 'new topics are not there yet');
}

async function drop(admin: Admin, prefix: string): Promise<void> {
  const topics = (await admin.listTopics()).filter(name => name.startsWith(prefix));
  if (topics.length > 0) await admin.deleteTopics({ topics });
}

/** Whether all partitions have a leader. kafkajs's own wait for that ends with an error where the broker does not know a topic yet. */
async function areLed(admin: Admin, names: readonly string[], partitions: number): Promise<boolean> {
  if ((await existing(admin, names)).length < names.length) return false;
  const { topics } = await admin.fetchTopicMetadata({ topics: [...names] });
  return topics.every(topic => topic.partitions.filter(({ leader }) => leader >= 0).length === partitions);
}

async function existing(admin: Admin, names: readonly string[]): Promise<string[]> {
  const all = new Set(await admin.listTopics());
  return names.filter(name => all.has(name));
}

async function until(isSo: () => Promise<boolean>, otherwise: string): Promise<void> {
  for (let attempt = 1; !(await isSo()); attempt++) {
    if (attempt === attempts) throw new Error(`${otherwise} after ${(attempts * retryMs) / 1000} s`);
    await new Promise(resolve => setTimeout(resolve, retryMs));
  }
}
