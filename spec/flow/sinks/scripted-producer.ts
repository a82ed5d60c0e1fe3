import type { Buffer } from 'node:buffer';
import type {
  DriverProducer,
  OutputListener,
  ProducerOutput,
  TopicPartition,
} from '../../../lib/drivers/port.js';
import type { KafkaRxError } from '../../../lib/errors/errors.js';

/** A producer that a test plays: it notes what it is given, and acknowledges or refuses what the test says. */
export class ScriptedProducer implements DriverProducer {
  /** A property of its own class, as a driver's is. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }
  set bufferedBytes(bytes: number) {
    this.#bufferedBytes = bytes;
  }
  #bufferedBytes = 0;
  readonly prepared: string[] = [];
  /** `topic/partition: value`, in order. */
  readonly appended: string[] = [];
  closed = 0;
  /** What `prepare` and `close` wait for. */
  preparing: Promise<void> = Promise.resolve();
  closing: Promise<void> = Promise.resolve();
  readonly #listeners = new Map<string, OutputListener>();

  constructor(private readonly partitions = 1) {}

  async prepare(topics: readonly string[]): Promise<void> {
    this.prepared.push(...topics);
    await this.preparing;
  }

  partitionCount(): number {
    return this.partitions;
  }

  output({ topic, partition }: TopicPartition, listener: OutputListener): ProducerOutput {
    const name = `${topic}/${partition}`;
    this.#listeners.set(name, listener);
    return { append: (_key: Buffer | null, value) => void this.appended.push(`${name}: ${String(value)}`) };
  }

  acknowledge(partition: string, count = 1): void {
    this.#listeners.get(partition)?.acknowledged(count, -1);
  }

  refuse(partition: string, error: KafkaRxError, count = 1): void {
    this.#listeners.get(partition)?.refused(count, error);
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {
    this.closed++;
    await this.closing;
  }
}
