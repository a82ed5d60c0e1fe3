import { availableIn } from '../../base/available-in.js';
import type { DriverProducer, OutputListener, ProducerOutput } from '../../drivers/port.js';

/** A producer as writers of topics see it: the app's one, or the unit of work of a task. */
export class OutputChannel {
  /** @see Lane.outputSlot */
  readonly slot: number;
  readonly producer: DriverProducer;
  readonly #forgetters: (() => void)[] = [];

  constructor(slot: number, producer: DriverProducer) {
    this.slot = slot;
    this.producer = producer;
  }

  get bufferedBytes(): number {
    return this.producer.bufferedBytes;
  }

  partitionCount(topic: string): number {
    return this.producer.partitionCount(topic);
  }

  /** @see DriverProducer.available */
  available(topic: string): () => readonly number[] {
    return availableIn(this.producer, topic);
  }

  output(topic: string, partition: number, listener: OutputListener): ProducerOutput {
    return this.producer.output({ topic, partition }, listener);
  }

  /** Sends nothing more; what is pending is refused. */
  close(): Promise<void> {
    return this.producer.close();
  }

  /** Calls this once the channel is nobody's any more: whatever is kept of it is to be forgotten. */
  onForgotten(forget: () => void): void {
    this.#forgetters.push(forget);
  }

  /** What is pending has nobody who would hear of it from here on. */
  forget(): void {
    for (const forget of this.#forgetters.splice(0)) forget();
  }
}
