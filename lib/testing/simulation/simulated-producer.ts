import type { Buffer } from 'node:buffer';
import { availableIn } from '../../base/available-in.js';
import { trueCopy } from '../../base/true-bytes.js';
import type { DriverProducer, OutputListener, ProducerOutput, TopicPartition } from '../../drivers/port.js';
import type { KafkaRxError } from '../../errors/errors.js';
import type { Header, Headers } from '../../record/headers.js';
import type { Wire } from './wire.js';

interface Appended {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
  readonly timestamp: number;
  readonly bytes: number;
}

/** How many records of one output were appended, and of how many the result is known. */
interface Progress {
  appended: number;
  completed: number;
}

/** A producer of one incarnation: what is appended leaves the process later, in requests of one partition each. */
export class SimulatedProducer implements DriverProducer {
  readonly #inner: DriverProducer;
  readonly #wire: Wire;
  readonly #progress: Progress[] = [];
  /** Of each output: refuses what of it is not answered yet. */
  readonly #refusals: ((error: KafkaRxError) => void)[] = [];
  /** Names the channels of this producer alone: requests of different ones overtake each other. */
  readonly #name: string;
  readonly #arrives: () => void;
  #cut: KafkaRxError | undefined;
  #isClosed = false;
  #bufferedBytes = 0;
  #flushes: { readonly targets: readonly number[]; readonly done: () => void }[] = [];

  /** @param arrives a request has come to the brokers */
  constructor(inner: DriverProducer, wire: Wire, name = '', arrives: () => void = () => {}) {
    this.#inner = inner;
    this.#wire = wire;
    this.#name = name;
    this.#arrives = arrives;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  prepare(topics: readonly string[]): Promise<void> {
    return this.#wire.call('cluster', 'prepare', () => this.#inner.prepare(topics), true);
  }

  partitionCount(topic: string): number {
    return this.#inner.partitionCount(topic);
  }

  available(topic: string): () => readonly number[] {
    return availableIn(this.#inner, topic);
  }

  output(partition: TopicPartition, listener: OutputListener): ProducerOutput {
    const channel = `produce ${partition.topic}/${partition.partition}${this.#name}`;
    const what = `produce to ${partition.topic}`;
    // What waits for its request, and what was sent and not answered, in order.
    let waiting: Appended[] = [];
    const sent: Appended[] = [];
    const progress: Progress = { appended: 0, completed: 0 };
    this.#progress.push(progress);
    const answered = (count: number, tell: () => void): void =>
      this.#wire.deliver(channel, () => {
        if (this.#cut !== undefined || this.#wire.diesAt(what, 'in place of the answer')) return;
        for (const { bytes } of sent.splice(0, count)) this.#bufferedBytes -= bytes;
        progress.completed += count;
        tell();
        this.#checkFlushes();
      });
    const output = this.#inner.output(partition, {
      acknowledged: (count, baseOffset) => answered(count, () => listener.acknowledged(count, baseOffset)),
      refused: (count: number, error: KafkaRxError) => answered(count, () => listener.refused(count, error)),
    });
    const refuse = (count: number, error: KafkaRxError): void => {
      progress.completed += count;
      this.#wire.deliver(channel, () => listener.refused(count, error));
    };
    this.#refusals.push(error => {
      const count = progress.appended - progress.completed;
      waiting = [];
      if (count > 0) refuse(count, error);
    });
    return {
      append: (key, value, headers, timestamp) => {
        if (this.#cut !== undefined) {
          progress.appended++;
          refuse(1, this.#cut);
          return;
        }
        const bytes = (key?.length ?? 0) + (value?.length ?? 0);
        // Copied, as the port says: the sink uses their memory for the next record.
        waiting.push({
          key: copyOf(key),
          value: copyOf(value),
          headers: headers.map(copied),
          timestamp,
          bytes,
        });
        this.#bufferedBytes += bytes;
        progress.appended++;
        if (waiting.length > 1) return;
        this.#wire.send(channel, () => {
          const request = waiting;
          waiting = [];
          if (request.length === 0 || this.#wire.diesAt(what, 'before the effect')) return;
          this.#wire.diesAt(what, 'with the request on its way');
          this.#arrives();
          for (const one of request) {
            sent.push(one);
            output.append(one.key, one.value, one.headers, one.timestamp);
          }
          this.#wire.diesAt(what, 'after the effect');
        });
      },
    };
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  flush(): Promise<void> {
    return new Promise(done => {
      this.#flushes.push({ targets: this.#progress.map(({ appended }) => appended), done });
      this.#checkFlushes();
    });
  }

  /** What has not left the process by now is refused at the broker's side, as is what it has not acknowledged. */
  async close(): Promise<void> {
    await this.#wire.call('cluster', 'close producer', () => this.#inner.close(), false);
    await this.flush();
    this.#isClosed = true;
  }

  /** Refuses what is not answered, and what is still appended; requests that have left arrive all the same, and nobody hears of them. */
  cut(error: KafkaRxError): void {
    if (this.#cut !== undefined) return;
    this.#cut = error;
    this.#isClosed = true;
    this.#bufferedBytes = 0;
    for (const refuse of this.#refusals) refuse(error);
    this.#checkFlushes();
  }

  #checkFlushes(): void {
    const open = this.#flushes;
    this.#flushes = [];
    for (const flush of open) {
      if (flush.targets.every((target, i) => (this.#progress[i]?.completed ?? 0) >= target)) flush.done();
      else this.#flushes.push(flush);
    }
  }
}

function copyOf(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : trueCopy(bytes);
}

const copied = ({ key, value }: Header): Header => ({ key, value: copyOf(value) });
