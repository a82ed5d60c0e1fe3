import type { Buffer } from 'node:buffer';
import { trueCopy } from '../../base/true-bytes.js';
import type {
  DriverConnection,
  DriverProducer,
  OutputListener,
  ProducerOptions,
  ProducerOutput,
  TopicPartition,
} from '../../drivers/port.js';
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
  #bufferedBytes = 0;
  #flushes: { readonly targets: readonly number[]; readonly done: () => void }[] = [];

  constructor(connection: DriverConnection, options: ProducerOptions, wire: Wire) {
    this.#inner = connection.producer(options);
    this.#wire = wire;
  }

  prepare(topics: readonly string[]): Promise<void> {
    return this.#wire.call('cluster', 'prepare', () => this.#inner.prepare(topics), true);
  }

  partitionCount(topic: string): number {
    return this.#inner.partitionCount(topic);
  }

  available(topic: string): () => readonly number[] {
    return this.#inner.available?.(topic) ?? (() => []);
  }

  output(partition: TopicPartition, listener: OutputListener): ProducerOutput {
    const channel = `produce ${partition.topic}/${partition.partition}`;
    const what = `produce to ${partition.topic}`;
    // What waits for its request, and what was sent and not answered, in order.
    let waiting: Appended[] = [];
    const sent: Appended[] = [];
    const progress: Progress = { appended: 0, completed: 0 };
    this.#progress.push(progress);
    const answered = (count: number, tell: () => void): void =>
      this.#wire.deliver(channel, () => {
        if (this.#wire.diesAt(what, 'in place of the answer')) return;
        for (const { bytes } of sent.splice(0, count)) this.#bufferedBytes -= bytes;
        progress.completed += count;
        tell();
        this.#checkFlushes();
      });
    const output = this.#inner.output(partition, {
      acknowledged: (count, baseOffset) => answered(count, () => listener.acknowledged(count, baseOffset)),
      refused: (count: number, error: KafkaRxError) => answered(count, () => listener.refused(count, error)),
    });
    return {
      append: (key, value, headers, timestamp) => {
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
          if (this.#wire.diesAt(what, 'before the effect')) return;
          this.#wire.diesAt(what, 'with the request on its way');
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
