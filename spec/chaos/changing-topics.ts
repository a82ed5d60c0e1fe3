/**
 * Topics that come and go while the app runs: one that it names in full, those that a RegExp of it matches, and one that it
 * writes. They lie beside the main flow, so that what becomes of them is judged by itself and the main flow as ever. Each
 * time that a topic is made is a life of it, and each record says of which life it is: `shop-1#2:17` is the 18th of the second.
 *
 * Made, written and deleted by kafkajs's own clients.
 */
import type kafkajs from 'kafkajs';
import type { TopicLife } from './evidence.js';
import { quietKafka } from './quiet-kafka.js';
import type { TopicAdmin } from './topic-admin.js';

/** Named in full by the app. */
export const namedTopic = 'refunds';
/** Topics of these names are found by the app. */
export const foundTopics = /^shop-\d+$/;
const foundTopic = (number: number): string => `shop-${number}`;
/** Written by the app, from all of them. */
export const changingOutput = 'copies';
/** The store that it fills beside. */
export const changingStore = 'copies';

const partitionsAtFirst = 2;
const tickMs = 100;
const perTick = 4;
/** Records in a topic from its first moment on: what is lost by beginning at the end. */
const atOnce = 50;

interface Writer {
  readonly life: TopicLife;
  readonly producer: kafkajs.Producer;
  partitions: number;
  next: number;
  busy: boolean;
}

export class ChangingTopics {
  /** In the order in which they were made. */
  readonly lives: TopicLife[] = [];
  readonly #brokers: readonly string[];
  readonly #admin: TopicAdmin;
  readonly #writers = new Map<string, Writer>();
  readonly #partitions = new Map<string, number>();
  /** Records of the last life that is over. */
  readonly #written = new Map<string, number>();
  #found = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(brokers: readonly string[], admin: TopicAdmin) {
    this.#brokers = brokers;
    this.#admin = admin;
  }

  /** Before the first member: nothing is written yet. */
  async create(): Promise<void> {
    await this.make(changingOutput);
    await this.make(namedTopic);
    await this.find();
  }

  /** Begins to write to those that there are. */
  start(): void {
    this.#timer = setInterval(() => {
      for (const writer of this.#writers.values()) void this.#write(writer, perTick);
    }, tickMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(
      [...this.#writers.values()].map(({ producer }) => producer.disconnect().catch(() => {})),
    );
  }

  /** Those that the app reads and that there are now. */
  get read(): readonly string[] {
    return [...this.#writers.keys()];
  }

  /** The newest one that the app finds by its RegExp. */
  get newest(): string {
    return foundTopic(this.#found);
  }

  /** A topic more for the RegExp, with records in it at once. */
  async find(): Promise<void> {
    this.#found++;
    await this.make(this.newest);
  }

  async make(topic: string): Promise<void> {
    const before = this.lives.filter(life => life.topic === topic).length;
    // Never fewer than before: a record that waits for its partition would wait in vain.
    const partitions = this.#partitions.get(topic) ?? partitionsAtFirst;
    this.#partitions.set(topic, partitions);
    await this.#admin.make(topic, partitions);
    const life: TopicLife = { topic, number: before + 1, madeMs: Date.now(), deletedMs: undefined };
    this.lives.push(life);
    if (topic === changingOutput) return;
    // A client of its own for each life: none has an older one in its metadata.
    const producer = quietKafka(this.#brokers).producer({
      metadataMaxAge: 1_000,
      allowAutoTopicCreation: false,
    });
    await producer.connect();
    const writer: Writer = { life, producer, partitions, next: 0, busy: false };
    this.#writers.set(topic, writer);
    // More than the life before had: an offset of that one is one of this one too.
    if (this.#timer !== undefined) await this.#write(writer, (this.#written.get(topic) ?? 0) + atOnce);
  }

  async delete(topic: string): Promise<void> {
    const writer = this.#writers.get(topic);
    this.#writers.delete(topic);
    if (writer !== undefined) this.#written.set(topic, writer.next);
    const life = this.lives.findLast(one => one.topic === topic);
    await this.#admin.delete(topic);
    if (life !== undefined) life.deletedMs = Date.now();
    await writer?.producer.disconnect().catch(() => {});
  }

  async addPartition(topic: string): Promise<void> {
    const now = await this.#admin.addPartition(topic);
    this.#partitions.set(topic, now);
    const writer = this.#writers.get(topic);
    if (writer === undefined) return;
    writer.partitions = now;
    await this.#write(writer, atOnce);
  }

  /** What becomes of a send is not noted: what is owed is what lies in the topic in the end. */
  async #write(writer: Writer, records: number): Promise<void> {
    if (writer.busy) return;
    writer.busy = true;
    const { life, producer, partitions } = writer;
    const messages = Array.from({ length: records }, () => {
      const seq = writer.next++;
      return { value: `${life.topic}#${life.number}:${seq}`, partition: seq % partitions };
    });
    try {
      await producer.send({ topic: life.topic, messages, acks: -1 });
    } catch {
      // a broker is down, or the topic is gone
    } finally {
      writer.busy = false;
    }
  }
}
