/** What the units of work of all drivers have in common: outputs that note a refusal, and which calls are in order. */
import type { KafkaRxError } from '../errors/errors.js';
import type { DriverProducer, OffsetCommit, OutputListener, ProducerOutput, TopicPartition } from './port.js';
import { begunAlready, endingAlready, notBegun, withoutOffsets } from './unit-errors.js';

/** A unit of work writes by a producer of its own, and knows whether it has begun and the first record that was refused. */
export abstract class UnitOutputs<P extends DriverProducer & { readonly isClosed: boolean }> {
  /** The first record of this unit that was refused. */
  protected refused: KafkaRxError | undefined;
  /** Why there will be no other unit. */
  protected dead: KafkaRxError | undefined;
  #phase: 'between' | 'begun' | 'ending' = 'between';

  protected constructor(protected readonly producer: P) {}

  prepare(topics: readonly string[]): Promise<void> {
    return this.producer.prepare(topics);
  }

  partitionCount(topic: string): number {
    return this.producer.partitionCount(topic);
  }

  output(partition: TopicPartition, listener: OutputListener): ProducerOutput {
    return this.producer.output(partition, {
      acknowledged: (count, baseOffset) => listener.acknowledged(count, baseOffset),
      refused: (count, error) => {
        this.refused ??= error;
        listener.refused(count, error);
      },
    });
  }

  /** @see UnitOfWork.excuse */
  excuse(): boolean {
    this.refused = undefined;
    return true;
  }

  get isClosed(): boolean {
    return this.producer.isClosed;
  }

  get bufferedBytes(): number {
    return this.producer.bufferedBytes;
  }

  flush(): Promise<void> {
    return this.producer.flush();
  }

  get failure(): KafkaRxError | undefined {
    return this.dead;
  }

  /** Whether a unit has begun and has not come to its end. */
  protected get isOpen(): boolean {
    return this.#phase !== 'between';
  }

  /** A unit begins. Throws where there is to be none, or one already. */
  protected enter(): void {
    if (this.dead !== undefined) throw this.dead;
    if (this.#phase !== 'between') throw begunAlready();
    this.#phase = 'begun';
    this.refused = undefined;
  }

  /** The unit comes to its end, which is asked for once. Throws where it has not begun. */
  protected leave(): void {
    if (this.#phase === 'ending') throw endingAlready();
    if (this.#phase === 'between') throw this.dead ?? notBegun();
    this.#phase = 'ending';
  }

  /** The same for a commit, of which nothing is made without offsets. */
  protected leaveWith(offsets: readonly OffsetCommit[]): void {
    if (this.#phase === 'begun' && offsets.length === 0) throw withoutOffsets();
    this.leave();
  }

  /** The unit has come to its end. */
  protected left(): void {
    this.#phase = 'between';
  }
}
