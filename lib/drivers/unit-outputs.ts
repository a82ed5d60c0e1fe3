/** What the units of work of all drivers have in common: outputs that note a refusal, and what a wrong call is answered with. */
import { KafkaRxError } from '../errors/errors.js';
import type { DriverProducer, OutputListener, ProducerOutput, TopicPartition } from './port.js';

/** A unit of work writes by a producer of its own, and knows the first record that was refused. */
export abstract class UnitOutputs<P extends DriverProducer> {
  /** The first record of this unit that was refused. */
  protected refused: KafkaRxError | undefined;

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

  get bufferedBytes(): number {
    return this.producer.bufferedBytes;
  }

  flush(): Promise<void> {
    return this.producer.flush();
  }
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

export function begunAlready(): KafkaRxError {
  return new KafkaRxError('DRIVER', 'The unit of work has begun already', {
    remedy: 'Commit or abort it before the next `begin`.',
  });
}

export function closedUnit(): KafkaRxError {
  return new KafkaRxError('CLOSED', 'The unit of work was closed', { remedy: 'Open it anew.' });
}
