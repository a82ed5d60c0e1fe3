/**
 * The load: purchases with a running number per key, at a steady rate. What became of each is noted as `ok`, `fail` or
 * `unknown`; nothing is ever sent twice, so that a record which is twice in an output was written twice by the app.
 *
 * A purchase carries its id where each output keeps it: `storeId` in purchases and in the store, `item` in
 * patterns, customer and price (the amount, at quantity 1) in rewards. A key keeps the partition that it was born with, so
 * that added partitions leave the order of old keys alone.
 */
import kafkajs from 'kafkajs';
import type { Input } from './evidence.js';
import { inputTopic } from './messages.js';
import { quietKafka } from './quiet-kafka.js';

const tickMs = 50;
/** Sends under way at most: while the brokers are down the load waits, as a producer's buffer would fill. */
const mostOpenSends = 20;
const definiteFailures = new Set([
  'NOT_LEADER_FOR_PARTITION',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_ENOUGH_REPLICAS',
]);

export interface LoadOptions {
  /** Default 25. */
  readonly keysPerPartition?: number;
  /** Every so many inputs one is no JSON. Default: none is. */
  readonly poisonEvery?: number;
}

interface Key {
  readonly name: string;
  readonly partition: number;
  /** Those of a lower one come first, whenever their partition was added. */
  readonly turn: number;
  seq: number;
}

export class LoadGenerator {
  readonly inputs: Input[] = [];
  readonly #brokers: readonly string[];
  readonly #perTick: number;
  readonly #keysPerPartition: number;
  readonly #poisonEvery: number;
  readonly #keys: Key[] = [];
  #producer: kafkajs.Producer;
  #next = 0;
  #owed = 0;
  #open = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    brokers: readonly string[],
    partitions: number,
    perSecond: number,
    { keysPerPartition = 25, poisonEvery = Number.POSITIVE_INFINITY }: LoadOptions = {},
  ) {
    this.#brokers = brokers;
    this.#perTick = (perSecond * tickMs) / 1000;
    this.#keysPerPartition = keysPerPartition;
    this.#poisonEvery = poisonEvery;
    this.#producer = this.#newProducer();
    this.addPartitions(0, partitions);
  }

  async start(): Promise<void> {
    await this.#producer.connect();
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  /** New keys for the partitions from `from` up to `to`. */
  addPartitions(from: number, to: number): void {
    // Partition by partition in turn, so that every member has work at any time.
    for (let i = 0; i < this.#keysPerPartition; i++) {
      for (let partition = from; partition < to; partition++) {
        this.#keys.push({ name: `c${this.#keys.length}`, partition, turn: i, seq: 0 });
      }
    }
    // Else a partition that was added would have nothing until all keys of the others had their turn.
    this.#keys.sort((a, b) => a.turn - b.turn);
  }

  /** So many more than the steady rate, at once. */
  burst(records: number): void {
    void this.#send(records);
  }

  /** Stops and waits for what is under way, ten seconds at most. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    for (let i = 0; i < 100 && this.#open > 0; i++) await new Promise(resolve => setTimeout(resolve, 100));
    await this.#producer.disconnect().catch(() => {});
  }

  #newProducer(): kafkajs.Producer {
    const createPartitioner = kafkajs.Partitioners.DefaultPartitioner;
    return quietKafka(this.#brokers).producer({
      createPartitioner,
      allowAutoTopicCreation: false,
      metadataMaxAge: 2_000,
    });
  }

  #tick(): void {
    if (this.#open >= mostOpenSends) return;
    this.#owed += this.#perTick;
    const records = Math.floor(this.#owed);
    this.#owed -= records;
    if (records > 0) void this.#send(records);
  }

  async #send(records: number): Promise<void> {
    const sent: Input[] = [];
    const messages: kafkajs.Message[] = [];
    for (let i = 0; i < records; i++) {
      const key = this.#keys[this.#next++ % this.#keys.length];
      if (key === undefined) return;
      const seq = key.seq++;
      const input: Input = {
        id: `${key.name}:${seq}`,
        partition: key.partition,
        outcome: 'unknown',
        poison: (this.inputs.length + 1) % this.#poisonEvery === 0,
        offset: undefined,
      };
      sent.push(input);
      this.inputs.push(input);
      const value = input.poison ? `${poisonStart}${input.id}` : purchase(key.name, seq);
      messages.push({ key: key.name, value, partition: key.partition });
    }
    this.#open++;
    const producer = this.#producer;
    try {
      const results = await producer.send({ topic: inputTopic, messages, acks: -1 });
      for (const { partition, baseOffset, errorCode } of results) {
        if (errorCode !== 0) continue;
        let offset = Number(baseOffset);
        // In one request a partition's records have consecutive offsets.
        for (const input of sent) {
          if (input.partition !== partition) continue;
          input.outcome = 'ok';
          input.offset = offset++;
        }
      }
      this.#failures = 0;
    } catch (error) {
      const type = typeof error === 'object' && error !== null && 'type' in error ? String(error.type) : '';
      if (definiteFailures.has(type)) for (const input of sent) input.outcome = 'fail';
      this.#failures++;
      if (this.#failures % 10 === 0 && producer === this.#producer) await this.#replaceProducer(producer);
    } finally {
      this.#open--;
    }
  }

  /** kafkajs does not always find back by itself; the load must not be what is down. */
  async #replaceProducer(before: kafkajs.Producer): Promise<void> {
    const fresh = this.#newProducer();
    this.#producer = fresh;
    void before.disconnect().catch(() => {});
    await fresh.connect().catch(() => {});
  }
}

const poisonStart = 'no JSON: ';
export const isPoison = (value: Buffer): boolean => value.toString().startsWith(poisonStart);

const day = Date.UTC(2026, 0, 1);

/** A value of the load. */
export function purchase(key: string, seq: number): string {
  const id = `${key}:${seq}`;
  return JSON.stringify({
    customerId: key,
    storeId: id,
    zipCode: `z${key.slice(1)}`,
    item: id,
    department: 'chaos',
    quantity: 1,
    price: seq,
    purchasedAt: new Date(day + seq * 1000).toISOString(),
    cardNumber: '4111-1111-1111-1111',
  });
}
