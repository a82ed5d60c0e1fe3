import type { Clock } from '../clock.js';
import type { OutputListener, ProducerOutput } from '../drivers/port.js';
import type { KafkaRxError } from '../errors.js';
import type { Header } from '../headers.js';
import type { Delivery, Problem } from '../leases/delivery.js';
import { Queue } from '../queue.js';
import type { Outputs } from '../sinks/outputs.js';

/** The prefix of every header that a dead letter carries. */
export const deadLetterPrefix = 'kafka-rx.dead-letter.';

/** What the dead letters need of their app. */
export interface DeadLetterParts {
  readonly clock: Clock;
  readonly outputs: Outputs;
  /** The app's name in the dead letters: its group id. */
  readonly app: string;
  published(count: number): void;
  /** The dead letter itself cannot be written: nothing is left but to fail. */
  failed(error: KafkaRxError, delivery: Delivery): void;
}

/**
 * Publishes records that could not be processed: where they lie, why they failed and at which node, so that a replay
 * need not repeat the healthy branches. The payload is not copied; the source record is found by its coordinates. The
 * delivery stays open until the dead letter is acknowledged.
 */
export class DeadLetters {
  readonly #topic: string;
  readonly #parts: DeadLetterParts;
  readonly #partitions: DeadLetterOutput[] = [];

  constructor(topic: string, parts: DeadLetterParts) {
    this.#topic = topic;
    this.#parts = parts;
    parts.outputs.declare(topic);
  }

  /** Takes a lease on the delivery; called inside its window or under a lease. */
  publish(problem: Problem, delivery: Delivery): void {
    delivery.lease();
    const partition = delivery.partition % this.#parts.outputs.partitionCount(this.#topic);
    const output = this.#partitions[partition] ?? new DeadLetterOutput(this.#parts, this.#topic, partition);
    this.#partitions[partition] = output;
    const entries = this.#entries(problem, delivery);
    const headers: Header[] = Object.entries(entries).map(([key, text]) => ({
      key: deadLetterPrefix + key,
      value: Buffer.from(text),
    }));
    output.append(delivery, Buffer.from(JSON.stringify(entries)), headers, this.#parts.clock.now());
  }

  #entries({ stage, node, error }: Problem, delivery: Delivery): Record<string, string> {
    return {
      topic: delivery.topic,
      partition: String(delivery.partition),
      offset: String(delivery.offset),
      reason: error.code,
      stage,
      node,
      ...(error.path === undefined ? {} : { path: error.path }),
      app: this.#parts.app,
    };
  }
}

class DeadLetterOutput implements OutputListener {
  readonly #pending = new Queue<Delivery>();
  readonly #parts: DeadLetterParts;
  readonly #output: ProducerOutput;

  constructor(parts: DeadLetterParts, topic: string, partition: number) {
    this.#parts = parts;
    this.#output = parts.outputs.output(topic, partition, this);
  }

  append(delivery: Delivery, value: Buffer, headers: readonly Header[], timestamp: number): void {
    this.#pending.push(delivery);
    this.#output.append(null, value, headers, timestamp);
  }

  acknowledged(count: number): void {
    this.#parts.published(count);
    for (let i = 0; i < count; i++) this.#pending.shift()?.release();
  }

  refused(count: number, error: KafkaRxError): void {
    for (let i = 0; i < count; i++) {
      const delivery = this.#pending.shift();
      if (delivery !== undefined) this.#parts.failed(error, delivery);
    }
  }
}
