import type { FetchedBatch, SourceRecord } from '../lib/drivers/port.js';
import { noHeaders } from '../lib/record/headers.js';

/** A record without its offset, which the log gives it. */
export interface LoggedRecord {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** About what one fetch of a busy topic brings of a partition: 256 KiB of purchases. */
const purchasesPerBatch = 1000;

/** One partition in memory: the same records over and over, up to a count, batch by batch. */
export class NullLog {
  readonly #records: readonly LoggedRecord[];
  readonly #recordsPerBatch: number;
  readonly #recordBytes: number;
  readonly #timestamp = Date.UTC(2024, 0, 1);
  #fetched = 0;
  #handedOut = 0;

  /**
   * @param count how many records the partition holds
   * @param recordsPerBatch what one fetch brings
   */
  constructor(
    records: readonly LoggedRecord[],
    readonly count: number,
    recordsPerBatch = purchasesPerBatch,
  ) {
    this.#records = records;
    this.#recordsPerBatch = recordsPerBatch;
    const bytes = records.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
    this.#recordBytes = Math.ceil(bytes / records.length);
  }

  /** Every batch was given. */
  get fetched(): boolean {
    return this.#fetched === this.count;
  }

  /** Every record was handed out. */
  get exhausted(): boolean {
    return this.#handedOut === this.count;
  }

  /** The next batch; undefined after the last. */
  nextBatch(topic: string, partition: number): FetchedBatch | undefined {
    const from = this.#fetched;
    const count = Math.min(this.#recordsPerBatch, this.count - from);
    if (count === 0) return undefined;
    this.#fetched += count;
    let at = from;
    return {
      topic,
      partition,
      epoch: 1,
      topicId: topic,
      bytes: count * this.#recordBytes,
      count,
      nextOffset: from + count,
      endOffset: this.count,
      next: (): SourceRecord | undefined => {
        if (at === from + count) return undefined;
        const record = this.#records[at % this.#records.length];
        if (record === undefined) return undefined;
        this.#handedOut++;
        return {
          offset: at++,
          timestamp: this.#timestamp,
          key: record.key,
          value: record.value,
          headers: noHeaders,
        };
      },
      reread: () => undefined,
    };
  }
}
