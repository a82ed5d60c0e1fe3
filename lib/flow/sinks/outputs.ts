import type { DriverConnection, DriverProducer, ProducerOptions } from '../../drivers/port.js';
import { KafkaRxError } from '../../errors/errors.js';
import { OutputChannel } from './output-channel.js';

/** Channels that are asked for each record what they buffer, at most: of more, all are for every so many records. */
const askedARecord = 8;

/**
 * The channels that an app writes by, and the topics that its sinks write: declared while wiring, opened by `run()`. Channel 0 is the
 * app's one producer; others come and go while it runs. Which is a record's, its lane says.
 */
export class Outputs {
  readonly #topics = new Set<string>();
  readonly #options: ProducerOptions;
  #own: OutputChannel | undefined;
  /** All but the app's own. */
  readonly #others: (OutputChannel | undefined)[] = [];
  /** What these buffered when it was added up last, and how many could have been asked since. */
  #othersBytes = 0;
  #askedSince = 0;
  #isClosed = false;

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

  /** Of all channels. */
  get bufferedBytes(): number {
    return (this.#own?.bufferedBytes ?? 0) + this.#sumOfOthers();
  }

  /**
   * Whether as much is buffered; asked for each record. Of more than eight channels beside the app's own it may hear late: of a thousand
   * by 125 records.
   */
  reaches(bytes: number): boolean {
    const own = this.#own?.bufferedBytes ?? 0;
    const { length } = this.#others;
    if (length === 0) return own >= bytes;
    this.#askedSince += askedARecord;
    // What was enough is looked at anew each time: whoever waits for it to be less is told at once.
    if (this.#askedSince < length && own + this.#othersBytes < bytes) return false;
    return own + this.#sumOfOthers() >= bytes;
  }

  declare(topic: string): void {
    this.#topics.add(topic);
  }

  /** Rejects with `MISSING_TOPIC` when a topic does not exist. */
  async open(connection: DriverConnection): Promise<void> {
    // Opened again after a try that failed, it is the same producer.
    this.#own ??= new OutputChannel(0, connection.producer(this.#options));
    await prepare(this.#own.producer, this.#topics);
  }

  /**
   * Makes a producer the channel of a slot that is free. It is the caller's until this resolves, and closed with the channel then.
   *
   * @throws `MISSING_TOPIC` as `open` does; `CLOSED` when all is closed
   */
  async openChannel(producer: DriverProducer): Promise<OutputChannel> {
    await prepare(producer, this.#topics);
    if (this.#isClosed) throw closed('The outputs of the app were closed while a channel was opened');
    const free = this.#others.indexOf(undefined);
    const index = free < 0 ? this.#others.length : free;
    const channel = new OutputChannel(index + 1, producer);
    this.#others[index] = channel;
    return channel;
  }

  /**
   * Closes a channel that no lane has any more, and frees its slot. Nobody hears what becomes of what is pending in it: the epochs of
   * that are over. Resolves when its producer is closed. Idempotent.
   */
  closeChannel(channel: OutputChannel): Promise<void> {
    if (this.#others[channel.slot - 1] === channel) {
      this.#others[channel.slot - 1] = undefined;
      channel.forget();
    }
    return channel.close();
  }

  /** @throws `CLOSED` where the slot has none: the app does not run yet, or no longer has that task */
  channel(slot: number): OutputChannel {
    const channel = slot === 0 ? this.#own : this.#others[slot - 1];
    if (channel !== undefined) return channel;
    throw slot === 0
      ? closed('A sink was handed a record before the app ran')
      : closed('A sink was handed a record of a task whose unit of work was closed');
  }

  /** Of a topic that a sink writes; the same for all channels. */
  partitionCount(topic: string): number {
    return this.channel(0).partitionCount(topic);
  }

  /** @see DriverProducer.available */
  available(topic: string): () => readonly number[] {
    return this.channel(0).available(topic);
  }

  /** Closes all channels; what is pending in them is refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const closing = [this.#own, ...this.#others].map(channel => channel?.close());
    const results = await Promise.allSettled(closing);
    const failed = results.find(result => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  #sumOfOthers(): number {
    let bytes = 0;
    for (const channel of this.#others) bytes += channel?.bufferedBytes ?? 0;
    this.#othersBytes = bytes;
    this.#askedSince = 0;
    return bytes;
  }
}

async function prepare(producer: DriverProducer, topics: ReadonlySet<string>): Promise<void> {
  if (topics.size > 0) await producer.prepare([...topics]);
}

function closed(what: string): KafkaRxError {
  return new KafkaRxError('CLOSED', what, { remedy: 'Records come from app.topic, after app.run()' });
}
