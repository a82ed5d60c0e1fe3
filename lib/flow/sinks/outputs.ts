import type {
  DriverConnection,
  DriverProducer,
  OutputListener,
  ProducerOptions,
  ProducerOutput,
} from '../../drivers/port.js';
import { KafkaRxError } from '../../errors/errors.js';

const none: readonly number[] = [];
const all = (): readonly number[] => none;

/** The app's one producer and the topics that its sinks write: declared while wiring, opened by `run()`. */
export class Outputs {
  readonly #topics = new Set<string>();
  readonly #options: ProducerOptions;
  #producer: DriverProducer | undefined;

  constructor(options: ProducerOptions) {
    this.#options = options;
  }

  /** The topics that sinks write. */
  get topics(): ReadonlySet<string> {
    return this.#topics;
  }

  /** Bytes of key, value and headers of the largest record that is taken. */
  get maxRecordBytes(): number {
    return this.#options.maxRecordBytes;
  }

  get bufferedBytes(): number {
    return this.#producer?.bufferedBytes ?? 0;
  }

  declare(topic: string): void {
    this.#topics.add(topic);
  }

  /** Rejects with `MISSING_TOPIC` when a topic does not exist. */
  async open(connection: DriverConnection): Promise<void> {
    // Opened again after a try that failed, it is the same producer.
    this.#producer ??= connection.producer(this.#options);
    if (this.#topics.size > 0) await this.#producer.prepare([...this.#topics]);
  }

  partitionCount(topic: string): number {
    return this.#opened().partitionCount(topic);
  }

  /** @see DriverProducer.available */
  available(topic: string): () => readonly number[] {
    return this.#opened().available?.(topic) ?? all;
  }

  output(topic: string, partition: number, listener: OutputListener): ProducerOutput {
    return this.#opened().output({ topic, partition }, listener);
  }

  async close(): Promise<void> {
    await this.#producer?.close();
  }

  #opened(): DriverProducer {
    if (this.#producer === undefined) {
      throw new KafkaRxError('CLOSED', 'A sink was handed a record before the app ran', {
        remedy: 'Records come from app.topic, after app.run()',
      });
    }
    return this.#producer;
  }
}
