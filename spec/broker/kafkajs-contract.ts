import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajsClient, { type Admin, type Kafka, type Producer } from 'kafkajs';
import { systemClock } from '../../lib/base/clock.js';
import { kafkajs } from '../../lib/drivers/kafkajs/index.js';
import type { KafkajsPathChoice } from '../../lib/drivers/kafkajs/options.js';
import type { TopicPartition } from '../../lib/drivers/port.js';
import { noHeaders } from '../../lib/record/headers.js';
import type {
  ContractLimits,
  ContractSetup,
  OpenTransaction,
  RawRecord,
  ReadRecord,
} from '../contract/contract-setup.js';
import { describeDriverContract } from '../contract/driver-contract.js';
import { type KafkaCluster, startCluster } from '../kafka/cluster.js';
import { missingPrerequisites } from '../kafka/provision.js';

/** Runs the driver contract on one path of the kafkajs driver, against a Kafka of its own. */
export function describeKafkajsContract(path: KafkajsPathChoice, limits: ContractLimits = {}): void {
  const name = `kafkajs, path ${path}`;
  const missing = missingPrerequisites();
  if (missing === undefined) {
    describeDriverContract(name, new KafkaSetup(path, limits));
    return;
  }
  process.stderr.write(`The driver contract does not run on Kafka. ${missing}\n`);
  describe.skip(`the driver contract on ${name}`, () => test('needs a Kafka', () => {}));
}

/** A Kafka of its own, with kafkajs as it comes as the client on the other side. */
class KafkaSetup implements ContractSetup {
  readonly clock = systemClock;
  readonly budgetMs = 20_000;
  readonly quietMs = 1_500;
  readonly sessionTimeoutMs = 6_000;
  readonly rebalanceTimeoutMs = 5_000;
  readonly transactionTimeoutMs = 2_000;
  readonly limits: ContractLimits;
  readonly #path: KafkajsPathChoice;
  #cluster: KafkaCluster | undefined;
  #client: { readonly kafka: Kafka; readonly admin: Admin; readonly producer: Producer } | undefined;
  #groups = 0;

  constructor(path: KafkajsPathChoice, limits: ContractLimits) {
    this.#path = path;
    this.limits = limits;
  }

  async open(): Promise<void> {
    this.#cluster = await startCluster();
    const { Kafka, Partitioners, logLevel } = kafkajsClient;
    const kafka = new Kafka({ brokers: this.#cluster.brokers, logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await Promise.all([admin.connect(), producer.connect()]);
    this.#client = { kafka, admin, producer };
  }

  driver() {
    return kafkajs({
      brokers: this.#brokers,
      path: this.#path,
      metadataMaxAgeMs: 1_000,
      heartbeatIntervalMs: 300,
    });
  }

  async publish(topic: string, records: readonly RawRecord[]): Promise<void> {
    await this.#kafkajs.producer.send({ topic, messages: records.map(message) });
  }

  async read(topic: string): Promise<readonly ReadRecord[]> {
    const { admin, kafka } = this.#kafkajs;
    const ends = await admin.fetchTopicOffsets(topic);
    const left = new Map(ends.map(({ partition, low, high }) => [partition, Number(high) - Number(low)]));
    const records: ReadRecord[] = [];
    if ([...left.values()].every(count => count === 0)) return records;
    const consumer = kafka.consumer({ groupId: `contract-reader-${this.#groups++}`, maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>(resolve => {
      const done = (): void => {
        if ([...left.values()].every(count => count <= 0)) resolve();
      };
      void consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch }) => {
          for (const { offset, key, value, headers, timestamp } of batch.messages) {
            // kafkajs's own decoder puts functions among the values of keys such as `toString`.
            const clean = Object.entries(headers ?? {}).flatMap(([name, of]) =>
              [of].flat().flatMap(part => (Buffer.isBuffer(part) ? [{ key: name, value: part }] : [])),
            );
            records.push({
              partition: batch.partition,
              offset: Number(offset),
              key,
              value,
              timestamp: Number(timestamp),
              headers: clean.length === 0 ? noHeaders : clean,
            });
          }
          const end = ends.find(({ partition }) => partition === batch.partition);
          left.set(batch.partition, Number(end?.high ?? 0) - Number(batch.lastOffset()) - 1);
          done();
        },
      });
    });
    await consumer.disconnect();
    return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  }

  async transaction(
    topic: string,
    records: readonly RawRecord[],
    outcome: 'commit' | 'abort',
  ): Promise<void> {
    const end = await this.openTransaction(topic, records);
    await end(outcome);
  }

  async openTransaction(topic: string, records: readonly RawRecord[]): Promise<OpenTransaction> {
    const producer = this.#kafkajs.kafka.producer({
      transactionalId: `contract-${this.#groups++}`,
      maxInFlightRequests: 1,
      idempotent: true,
      createPartitioner: kafkajsClient.Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: records.map(message) });
    return async outcome => {
      await transaction[outcome]();
      await producer.disconnect();
    };
  }

  async undecidedOffset(
    groupId: string,
    { topic, partition }: TopicPartition,
    offset: number,
  ): Promise<OpenTransaction> {
    const producer = this.#kafkajs.kafka.producer({
      transactionalId: `contract-${this.#groups++}`,
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    const partitions = [{ partition, offset: String(offset) }];
    await transaction.sendOffsets({ consumerGroupId: groupId, topics: [{ topic, partitions }] });
    return async outcome => {
      await transaction[outcome]();
      await producer.disconnect();
    };
  }

  async deleteRecords(topic: string, partition: number, offset: number): Promise<void> {
    // kafkajs looks for the leader before it has asked for the topic's metadata, unless something else did.
    await this.#kafkajs.admin.fetchTopicOffsets(topic);
    const partitions = [{ partition, offset: String(offset) }];
    await this.#kafkajs.admin.deleteTopicRecords({ topic, partitions });
  }

  /** Of a broker that has stopped: what it writes down of its own accord in between would be another past. */
  async copyLog(topic: string, partition: number): Promise<() => Promise<void>> {
    const node = this.#cluster?.nodes[0];
    if (node === undefined) throw new Error('not open');
    const backup = await mkdtemp(join(tmpdir(), 'kafka-rx-log-'));
    const log = await this.#logOf(topic, partition);
    await node.stop();
    await cp(log, backup, { recursive: true });
    await node.start();
    return async () => {
      await node.stop();
      await rm(log, { recursive: true });
      await cp(backup, log, { recursive: true });
      await rm(backup, { recursive: true });
      await node.start();
    };
  }

  async #logOf(topic: string, partition: number): Promise<string> {
    const dataDir = this.#cluster?.dataDir ?? '';
    const entries = await readdir(dataDir, { recursive: true });
    return join(dataDir, entries.find(entry => entry.endsWith(`/${topic}-${partition}`)) ?? topic);
  }

  async topicConfig(topic: string, name: string): Promise<string | undefined> {
    const { resources } = await this.#kafkajs.admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajsClient.ConfigResourceTypes.TOPIC, name: topic, configNames: [name] }],
    });
    return resources[0]?.configEntries[0]?.configValue;
  }

  async addPartitions(topic: string, total: number): Promise<void> {
    await this.#kafkajs.admin.createPartitions({ topicPartitions: [{ topic, count: total }] });
    // Other brokers, and other connections, hear of them a moment later.
    for (let tries = 0; tries < 100; tries++) {
      const { topics } = await this.#kafkajs.admin.fetchTopicMetadata({ topics: [topic] });
      if (topics[0]?.partitions.length === total) break;
    }
    await this.#renewProducer();
  }

  async deleteTopic(topic: string): Promise<void> {
    await this.#kafkajs.admin.deleteTopics({ topics: [topic] });
    await this.#renewProducer();
  }

  async forgetGroup(groupId: string): Promise<void> {
    await this.#kafkajs.admin.deleteGroups([groupId]);
  }

  outage(): void {
    for (const node of this.#cluster?.nodes ?? []) node.suspend();
  }

  endOutage(): void {
    for (const node of this.#cluster?.nodes ?? []) node.resume();
  }

  async close(): Promise<void> {
    await this.#client?.producer.disconnect();
    await this.#client?.admin.disconnect();
    await this.#cluster?.stop();
  }

  /**
   * A kafkajs producer fails for good once a topic that it ever wrote to is gone, and sends nothing, without a word, to a partition
   * that it has not heard of.
   */
  async #renewProducer(): Promise<void> {
    const { kafka, admin, producer } = this.#kafkajs;
    const another = kafka.producer({ createPartitioner: kafkajsClient.Partitioners.DefaultPartitioner });
    await another.connect();
    this.#client = { kafka, admin, producer: another };
    await producer.disconnect();
  }

  get #brokers(): string[] {
    return this.#cluster?.brokers ?? [];
  }

  get #kafkajs() {
    if (this.#client === undefined) throw new Error('not open');
    return this.#client;
  }
}

function message({ partition, key, value, headers, timestamp }: RawRecord) {
  // A null prototype, and `defineProperty` instead of assignment, so that `__proto__` is a key like any other.
  const named: Record<string, Buffer | Buffer[]> = Object.create(null);
  for (const header of headers ?? []) {
    if (header.value === null) continue;
    const before = named[header.key];
    const all = before === undefined ? header.value : [before, header.value].flat();
    Object.defineProperty(named, header.key, { value: all, enumerable: true, configurable: true });
  }
  return {
    partition,
    key,
    value,
    headers: named,
    ...(timestamp === undefined ? {} : { timestamp: String(timestamp) }),
  };
}
