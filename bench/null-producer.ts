import { crc32 } from 'node:zlib';
import { systemClock } from '../lib/base/clock.js';
import type { DriverProducer, OutputListener, ProducerOutput, TopicPartition } from '../lib/drivers/port.js';

/** What came out of one topic: enough to tell two programs' outputs apart. */
export interface Output {
  readonly records: number;
  readonly bytes: number;
  /** Made of the sums, by partition, of each record's CRC-32; 0 unless asked for. */
  readonly checksum: number;
}

/**
 * Takes records and forgets them; acknowledges by count in the next turn, as a driver does that got one answer for many.
 *
 * @param checking also sums up the bytes, which costs more than all else here
 */
export class NullProducer implements DriverProducer {
  readonly #partitions: number;
  readonly #checking: boolean;
  readonly #outputs: NullOutput[] = [];
  readonly #toAcknowledge: NullOutput[] = [];
  #scheduled = false;
  bufferedBytes = 0;

  constructor(partitions: number, checking: boolean) {
    this.#partitions = partitions;
    this.#checking = checking;
  }

  async prepare(): Promise<void> {}

  partitionCount(): number {
    return this.#partitions;
  }

  output(partition: TopicPartition, listener: OutputListener): ProducerOutput {
    const output = new NullOutput(this, partition, listener, this.#checking);
    this.#outputs.push(output);
    return output;
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {}

  /** By topic, in the order of their names. */
  written(): Readonly<Record<string, Output>> {
    const topics = [...new Set(this.#outputs.map(output => output.at.topic))].sort();
    return Object.fromEntries(
      topics.map(topic => {
        const outputs = this.#outputs
          .filter(output => output.at.topic === topic)
          .sort((a, b) => a.at.partition - b.at.partition);
        return [
          topic,
          {
            records: outputs.reduce((sum, output) => sum + output.records, 0),
            bytes: outputs.reduce((sum, output) => sum + output.bytes, 0),
            checksum: outputs.reduce((sum, output) => crc32(String(output.checksum), sum), 0),
          },
        ];
      }),
    );
  }

  /** @internal */
  acknowledgeLater(output: NullOutput): void {
    this.#toAcknowledge.push(output);
    if (this.#scheduled) return;
    this.#scheduled = true;
    systemClock.defer(() => {
      this.#scheduled = false;
      this.bufferedBytes = 0;
      for (const pending of this.#toAcknowledge.splice(0)) pending.acknowledge();
    });
  }
}

class NullOutput implements ProducerOutput {
  records = 0;
  bytes = 0;
  checksum = 0;
  #pending = 0;

  constructor(
    private readonly producer: NullProducer,
    readonly at: TopicPartition,
    private readonly listener: OutputListener,
    private readonly checking: boolean,
  ) {}

  append(key: Buffer | null, value: Buffer | null): void {
    const bytes = (key?.length ?? 0) + (value?.length ?? 0);
    this.records++;
    this.bytes += bytes;
    this.producer.bufferedBytes += bytes;
    // A sum: partitions of the input may take turns in another order.
    if (this.checking) this.checksum = (this.checksum + crc32(value ?? '', crc32(key ?? ''))) >>> 0;
    if (this.#pending++ === 0) this.producer.acknowledgeLater(this);
  }

  acknowledge(): void {
    const count = this.#pending;
    this.#pending = 0;
    this.listener.acknowledged(count, -1);
  }
}
