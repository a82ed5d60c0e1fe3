/** What the units of work of all drivers have in common: outputs that note a refusal, and what a wrong call is answered with. */
import { KafkaRxError } from '../errors/errors.js';
import type { DriverProducer, OutputListener, ProducerOutput, TopicPartition } from './port.js';

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

  available(topic: string): () => readonly number[] {
    return this.producer.available?.(topic) ?? unknown;
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

  get isClosed(): boolean {
    return this.producer.isClosed;
  }

  get bufferedBytes(): number {
    return this.producer.bufferedBytes;
  }

  flush(): Promise<void> {
    return this.producer.flush();
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

  /** The unit has come to its end. */
  protected left(): void {
    this.#phase = 'between';
  }
}

const unknown = (): readonly number[] => [];

function notBegun(): KafkaRxError {
  return new KafkaRxError('DRIVER', 'The unit of work has not begun', { remedy: 'Call `begin` first.' });
}

function begunAlready(): KafkaRxError {
  return new KafkaRxError('DRIVER', 'The unit of work has begun already', {
    remedy: 'Commit or abort it before the next `begin`.',
  });
}

function endingAlready(): KafkaRxError {
  return new KafkaRxError('DRIVER', 'The unit of work is being committed or aborted already', {
    remedy: 'Wait for that before the next call.',
  });
}

export function abortedUnit(): KafkaRxError {
  return new KafkaRxError('PRODUCE', 'The unit of work was aborted', {
    remedy: 'Its records are made again.',
  });
}

export function outsideOfUnit(): KafkaRxError {
  return new KafkaRxError('DRIVER', 'A record was appended outside of its unit of work', {
    remedy: 'Append between `begin` and `commit`.',
  });
}

export function closedUnit(): KafkaRxError {
  return new KafkaRxError('CLOSED', 'The unit of work was closed', { remedy: 'Open it anew.' });
}
