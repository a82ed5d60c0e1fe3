import type { Buffer } from 'node:buffer';
import { Queues } from '../../base/queues.js';
import type { OutputListener, ProducerOutput } from '../../drivers/port.js';
import type { KafkaRxError } from '../../errors/errors.js';
import type { Headers } from '../../record/headers.js';
import type { Deliveries } from '../leases/delivery.js';
import { releaseAll } from '../leases/leases.js';
import type { OutputChannel } from './output-channel.js';

/** Who writes a topic. */
export interface TopicWriter {
  /** So many records are durable; their leases were released. */
  acknowledged(count: number): void;
  /** One record never will be; its lease is the writer's. */
  refused(deliveries: Deliveries, error: KafkaRxError, channel: OutputChannel): void;
}

/** What one writer of a topic has in one channel: the ways into its partitions, and what is on its way there. */
export class TopicChannel {
  readonly #topic: string;
  readonly #channel: OutputChannel;
  readonly #writer: TopicWriter;
  /** By partition, from the first record on. */
  readonly #opened: (ProducerOutput | undefined)[] = [];
  /**
   * What is on its way, by partition, in order. Deliveries alone are kept: records and their values would live until the
   * acknowledgement, and be copied by the garbage collector meanwhile.
   */
  #pending = new Queues<Deliveries>();

  constructor(topic: string, channel: OutputChannel, writer: TopicWriter) {
    this.#topic = topic;
    this.#channel = channel;
    this.#writer = writer;
  }

  /** Takes a lease over, unless it throws. @see ProducerOutput.append */
  append(
    partition: number,
    key: Buffer | null,
    value: Buffer | null,
    headers: Headers,
    timestamp: number,
    deliveries: Deliveries,
  ): void {
    const output = this.#opened[partition] ?? this.#open(partition);
    output.append(key, value, headers, timestamp);
    this.#pending.push(partition, deliveries);
  }

  /** The channel is nobody's any more: nothing that is pending is released, and whatever is said of it changes nothing. */
  forget(): void {
    this.#pending = new Queues();
  }

  #open(partition: number): ProducerOutput {
    const listener = new PartitionListener(this, partition);
    const output = this.#channel.output(this.#topic, partition, listener);
    // One after the other: an array that is written far behind its end turns into a hash table.
    while (this.#opened.length < partition) this.#opened.push(undefined);
    this.#opened[partition] = output;
    return output;
  }

  /** @internal by count, the oldest first */
  acknowledged(partition: number, count: number): void {
    let answered = 0;
    for (; answered < count; answered++) {
      const deliveries = this.#pending.shift(partition);
      // More than were sent.
      if (deliveries === undefined) break;
      releaseAll(deliveries);
    }
    this.#writer.acknowledged(answered);
  }

  /** @internal */
  refused(partition: number, count: number, error: KafkaRxError): void {
    for (let i = 0; i < count; i++) {
      const deliveries = this.#pending.shift(partition);
      if (deliveries === undefined) return;
      this.#writer.refused(deliveries, error, this.#channel);
    }
  }
}

/** Tells which of its partitions a producer speaks of; what it tells lies in the channel. */
class PartitionListener implements OutputListener {
  constructor(
    private readonly channel: TopicChannel,
    private readonly partition: number,
  ) {}

  acknowledged(count: number): void {
    this.channel.acknowledged(this.partition, count);
  }

  refused(count: number, error: KafkaRxError): void {
    this.channel.refused(this.partition, count, error);
  }
}
