import type { Admin, CompressionTypes, IHeaders, Kafka, Message, Producer } from 'kafkajs';
import type { Clock } from '../../../base/clock.js';
import type { TopicPartition } from '../../port.js';
import { innerRetry } from '../cluster/client.js';
import { fatalErrorOf, kindOf, typeOf } from '../errors.js';
import type { Settings } from '../options.js';
import type { BatchResult, OutgoingBatch, ProduceTransport } from '../producer/produce-transport.js';
import { passes } from '../protocol/error-codes.js';
import type { OutgoingRecord } from '../protocol/record-batch-builder.js';

/**
 * Batches by kafkajs's producer, one `send` for each partition: `sendBatch` rejects for all partitions when one is
 * refused, and can resolve without having sent one. An answer that does not name the partition is no result, so that
 * the batch is sent again.
 */
export class StockTransport implements ProduceTransport {
  readonly #clock: Clock;
  readonly #settings: Settings;
  readonly #admin: Admin;
  readonly #compression: CompressionTypes;
  readonly #producer: Producer;
  readonly #topics = new Set<string>();
  /** The leaders of each topic's partitions, as last heard; kafkajs looks them up itself when it sends. */
  readonly #leaders = new Map<string, number[]>();
  /** The answer that they are of. */
  #answer: object = {};
  #connected: Promise<void> | undefined;
  #refreshedAt = 0;

  /** @param compression Kafka's number of the codec; kafkajs takes it from its own registry */
  constructor(clock: Clock, settings: Settings, kafka: Kafka, admin: Admin, compression: CompressionTypes) {
    this.#clock = clock;
    this.#settings = settings;
    this.#admin = admin;
    this.#compression = compression;
    this.#producer = kafka.producer({
      allowAutoTopicCreation: false,
      metadataMaxAge: settings.metadataMaxAgeMs,
      retry: innerRetry,
      // Every record names its partition.
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
    });
  }

  async send(_nodeId: number, batches: readonly OutgoingBatch[]): Promise<readonly BatchResult[]> {
    await this.#connect();
    const results = await Promise.all(batches.map(batch => this.#sendOne(batch)));
    return results.filter(result => result !== undefined);
  }

  leader({ topic, partition }: TopicPartition): number {
    return this.#leaders.get(topic)?.[partition] ?? -1;
  }

  partitionCount(topic: string): number {
    return this.#leaders.get(topic)?.length ?? 0;
  }

  available(topic: string): () => readonly number[] {
    let heard: object | undefined;
    let list: readonly number[] = [];
    return () => {
      if (this.#answer === heard) return list;
      heard = this.#answer;
      list = (this.#leaders.get(topic) ?? []).flatMap((leader, partition) =>
        leader >= 0 ? [partition] : [],
      );
      return list;
    };
  }

  async add(topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.#topics.add(topic);
    await this.#connect();
    await this.refresh();
  }

  async refresh(): Promise<void> {
    this.#refreshedAt = this.#clock.elapsed();
    const { topics } = await this.#admin.fetchTopicMetadata({ topics: [...this.#topics] });
    this.#answer = topics;
    for (const { name, partitions } of topics) {
      const leaders = this.#leaders.get(name) ?? [];
      for (const { partitionId, leader } of partitions) leaders[partitionId] = leader;
      this.#leaders.set(name, leaders);
    }
  }

  async refreshIfDue(): Promise<void> {
    if (this.#clock.elapsed() - this.#refreshedAt > this.#settings.metadataMaxAgeMs) await this.refresh();
  }

  async close(): Promise<void> {
    await this.#producer.disconnect().catch(() => {});
  }

  #connect(): Promise<void> {
    this.#connected ??= this.#producer.connect().catch(error => {
      this.#connected = undefined;
      throw error;
    });
    return this.#connected;
  }

  async #sendOne({ topic, partition, batch }: OutgoingBatch): Promise<BatchResult | undefined> {
    const { requestTimeoutMs } = this.#settings;
    const records = batch.records();
    // kafkajs throws over it, and the batch would fall with the one record (sizeOfHeaders, protocol/recordBatch/record/v0).
    if (records.some(({ headers }) => headers.some(({ value }) => value === null))) {
      return { topic, partition, error: 'INVALID_RECORD', passes: false };
    }
    try {
      const answer = await this.#producer.send({
        topic,
        acks: -1,
        timeout: requestTimeoutMs,
        compression: this.#compression,
        messages: records.map(record => messageOf(record, partition)),
      });
      const named = answer.filter(entry => entry.topicName === topic && entry.partition === partition);
      if (named.length === 0) return undefined;
      return { topic, partition, baseOffset: Math.min(...named.map(({ baseOffset }) => Number(baseOffset))) };
    } catch (error) {
      const type = typeOf(error);
      const passing = type === undefined || passes(type);
      const fatal = type === undefined ? fatalErrorOf(error) : undefined;
      return { topic, partition, error: kindOf(error), passes: passing, fatal };
    }
  }
}

function messageOf({ key, value, headers, timestamp }: OutgoingRecord, partition: number): Message {
  const named: IHeaders = Object.create(null);
  for (const header of headers) {
    const before = named[header.key];
    // Null was refused above.
    const value = header.value as Buffer;
    const all = before === undefined ? value : [before, value].flat();
    // Not by assignment: `__proto__` is a key like any other.
    Object.defineProperty(named, header.key, { value: all, enumerable: true, configurable: true });
  }
  return {
    partition,
    key,
    value,
    headers: named,
    ...(timestamp < 0 ? {} : { timestamp: String(timestamp) }),
  };
}
