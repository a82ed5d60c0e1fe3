import { partitionKey } from '../../base/partition-key.js';
import type {
  DriverProducer,
  OutputListener,
  ProducerOutput,
  TopicPartition,
  UnitOfWork,
} from '../../drivers/port.js';
import { isKafkaRxError, type KafkaRxError } from '../../errors/errors.js';
import { passingAbsence } from './missing-outputs.js';

export interface UnitRefusals {
  /** The unit holds a single record: what is refused in it is that record's. */
  isSingle(): boolean;
  /** A record was refused, or the unit is over: nothing of it can be committed. */
  refused(error: KafkaRxError): void;
}

/**
 * A unit of work as the sinks of its task see it. What is refused is told to nobody, since with it the whole unit is over and all
 * comes again; but in a unit of one record, where it is known whose fault it is: then that record gets its policy, and the unit goes on. What no
 * broker has acknowledged in time is no record's fault.
 *
 * A topic that is gone keeps no unit from being opened as long as its task has written nothing to it: an app may have sinks that have nothing to
 * write for days, its dead letters first of all. The first record for it ends the unit, and from then on the topic is waited for.
 */
export class UnitProducer implements DriverProducer {
  readonly #unit: UnitOfWork;
  readonly #refusals: UnitRefusals;
  readonly #written: Set<string>;
  /** Of topics that are gone. */
  readonly #absent = new Map<string, KafkaRxError>();
  /** The first offset in each partition that the brokers have told of the unit that began last. */
  readonly #firsts = new Map<string, number>();

  /** @param written the topics that units of its task have written to, or were to */
  constructor(unit: UnitOfWork, refusals: UnitRefusals, written: Set<string>) {
    this.#unit = unit;
    this.#refusals = refusals;
    this.#written = written;
  }

  /** @see UnitOfWork.begin */
  begin(): void {
    this.#unit.begin();
    this.#firsts.clear();
  }

  /** The transaction that the brokers have there is of its last unit. */
  isFirstOf(partition: TopicPartition, offset: number): boolean {
    return this.#firsts.get(partitionKey(partition)) === offset;
  }

  async prepare(topics: readonly string[]): Promise<void> {
    try {
      await this.#unit.prepare(topics);
    } catch (error) {
      if (!isKafkaRxError(error, 'MISSING_TOPIC')) throw error;
      for (const topic of topics) await this.#prepareOne(topic);
    }
  }

  async #prepareOne(topic: string): Promise<void> {
    try {
      await this.#unit.prepare([topic]);
    } catch (error) {
      if (!isKafkaRxError(error, 'MISSING_TOPIC') || this.#written.has(topic)) throw error;
      this.#absent.set(topic, passingAbsence(error));
    }
  }

  partitionCount(topic: string): number {
    return this.#unit.partitionCount(topic);
  }

  output(partition: TopicPartition, listener: OutputListener): ProducerOutput {
    const { topic } = partition;
    this.#written.add(topic);
    const absence = this.#absent.get(topic);
    if (absence !== undefined) return { append: () => this.#refusals.refused(absence) };
    return this.#unit.output(partition, {
      acknowledged: (count, baseOffset) => {
        this.#acknowledged(partition, baseOffset);
        listener.acknowledged(count, baseOffset);
      },
      refused: (count, error) => this.#refused(listener, count, error),
    });
  }

  /**
   * The way into what the task itself keeps, which no record's policy is about: a refusal there ends the unit.
   *
   * @param acknowledged hears up to which offset all is durable
   */
  own(partition: TopicPartition, acknowledged: (nextOffset: number) => void): ProducerOutput {
    return this.#unit.output(partition, {
      acknowledged: (count, baseOffset) => {
        this.#acknowledged(partition, baseOffset);
        if (baseOffset >= 0) acknowledged(baseOffset + count);
      },
      refused: (_count, error) => this.#refusals.refused(this.#unit.failure ?? error),
    });
  }

  get bufferedBytes(): number {
    return this.#unit.bufferedBytes;
  }

  flush(): Promise<void> {
    return this.#unit.flush();
  }

  close(): Promise<void> {
    return this.#unit.close();
  }

  /** @param offset of the first of these; -1: nobody knows, as of all that is before what is known */
  #acknowledged(partition: TopicPartition, offset: number): void {
    const name = partitionKey(partition);
    if (!this.#firsts.has(name)) this.#firsts.set(name, offset);
  }

  #refused(listener: OutputListener, count: number, error: KafkaRxError): void {
    if (this.#isOfRecord(error)) listener.refused(count, error);
    // What ended it says more than what became of the record: whether another owner has it, and what is to be done.
    else this.#refusals.refused(this.#unit.failure ?? error);
  }

  /** Whether it is known that the record was not written, and that no repetition writes it. */
  #isOfRecord(error: KafkaRxError): boolean {
    const mayBe = this.#unit.failure === undefined && this.#refusals.isSingle() && !error.retriable;
    return mayBe && this.#unit.excuse();
  }
}
