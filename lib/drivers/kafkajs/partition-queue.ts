import type { KafkaRxError } from '../../errors.js';
import type { OutputListener, TopicPartition } from '../port.js';
import type { OutgoingRecord } from './protocol/record-batch-encoder.js';

/** A record that waits for its acknowledgement. */
export interface PendingRecord extends OutgoingRecord {
  readonly bytes: number;
  /** When it was appended, monotonic milliseconds. */
  readonly since: number;
  readonly listener: OutputListener;
  /** Why it is never sent; its turn comes when all before it are settled. */
  readonly refusal: KafkaRxError | undefined;
}

/** What all queues of a producer hold together: asked for after every record, so kept up rather than summed up. */
export interface Buffered {
  bytes: number;
}

/**
 * The records of one partition, oldest first, from `append` to their acknowledgement or refusal. A record leaves only
 * from the front, and at most one batch is under way, so that order survives every retry. Plain state, without Kafka
 * or timers.
 */
export class PartitionQueue implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  #records: PendingRecord[] = [];
  /** Index of the oldest record; the settled ones before it are cut off now and then. */
  #head = 0;
  readonly #buffered: Buffered;
  /** The most records of a batch, while the one among them that the broker refuses is being isolated. */
  #limit = Number.POSITIVE_INFINITY;
  /** How many of the oldest are under way; 0 when none is. */
  inFlight = 0;
  /** Consecutive failures, and the monotonic time before which nothing is sent. */
  failures = 0;
  notBefore = 0;
  /** How many were ever appended and settled: what `flush` waits by. */
  appended = 0;
  settled = 0;

  constructor({ topic, partition }: TopicPartition, buffered: Buffered) {
    this.topic = topic;
    this.partition = partition;
    this.#buffered = buffered;
  }

  get length(): number {
    return this.#records.length - this.#head;
  }

  get oldest(): PendingRecord | undefined {
    return this.#records[this.#head];
  }

  append(record: PendingRecord): void {
    this.#records.push(record);
    this.#buffered.bytes += record.bytes;
    this.appended++;
  }

  /** Takes the oldest records, up to `maxBytes` but at least one, as the batch that is under way. */
  take(maxBytes: number): readonly PendingRecord[] {
    const batch: PendingRecord[] = [];
    let bytes = 0;
    for (let i = this.#head; i < this.#records.length && batch.length < this.#limit; i++) {
      const record = this.#records[i];
      if (record === undefined || record.refusal !== undefined) break;
      if (batch.length > 0 && bytes + record.bytes > maxBytes) break;
      bytes += record.bytes;
      batch.push(record);
    }
    this.inFlight = batch.length;
    return batch;
  }

  /** The batch under way is durable. */
  acknowledge(baseOffset: number): void {
    const count = this.inFlight;
    this.inFlight = 0;
    this.failures = 0;
    // Wider again: what was refused has been isolated.
    this.#limit *= 2;
    let done = 0;
    this.#remove(count, (listener, run) => {
      listener.acknowledged(run, baseOffset < 0 ? -1 : baseOffset + done);
      done += run;
    });
  }

  /** The batch under way was not written, or nobody knows; it is sent again, later. */
  putBack(notBefore: number): void {
    this.inFlight = 0;
    this.failures++;
    this.notBefore = notBefore;
  }

  /** One of the batch under way is refused, and it is not known which: sends halves until it stands alone. */
  halve(): 'halved' | 'alone' {
    if (this.inFlight <= 1) return 'alone';
    this.#limit = Math.floor(this.inFlight / 2);
    this.inFlight = 0;
    return 'halved';
  }

  /** Refuses the oldest `count`, which are under way or waiting. */
  refuse(count: number, error: KafkaRxError): void {
    this.inFlight = 0;
    this.#remove(count, (listener, run) => listener.refused(run, error));
  }

  /** Records, counted from the oldest, that were appended at or before `time`. */
  olderThan(time: number): number {
    let count = 0;
    while (
      count < this.length &&
      (this.#records[this.#head + count]?.since ?? Number.POSITIVE_INFINITY) <= time
    )
      count++;
    return count;
  }

  /** Takes the oldest off the queue, and tells each run of records that have the same listener. */
  #remove(count: number, tell: (listener: OutputListener, run: number) => void): void {
    const removed = this.#records.slice(this.#head, this.#head + count);
    this.#head += removed.length;
    this.settled += removed.length;
    for (const { bytes } of removed) this.#buffered.bytes -= bytes;
    if (this.#head === this.#records.length) {
      this.#records = [];
      this.#head = 0;
    } else if (this.#head > 1_024 && this.#head * 2 > this.#records.length) {
      this.#records = this.#records.slice(this.#head);
      this.#head = 0;
    } else {
      // So that a settled record's bytes are not kept until the cut.
      this.#records.fill(settledRecord, this.#head - removed.length, this.#head);
    }
    for (let start = 0; start < removed.length; ) {
      const listener = removed[start]?.listener;
      let end = start + 1;
      while (end < removed.length && removed[end]?.listener === listener) end++;
      if (listener !== undefined) tell(listener, end - start);
      start = end;
    }
  }
}

/** Stands where a record was that is settled. */
const settledRecord: PendingRecord = {
  key: null,
  value: null,
  headers: [],
  timestamp: -1,
  bytes: 0,
  since: 0,
  listener: { acknowledged: () => {}, refused: () => {} },
  refusal: undefined,
};
