import type { Clock } from '../../../base/clock.js';
import type { KafkaRxError } from '../../../errors/errors.js';
import type { Header } from '../../../record/headers.js';
import type { OutputListener, TopicPartition } from '../../port.js';
import { tell } from '../../tell.js';
import type { ProducerIdentity } from '../protocol/init-producer-id.js';
import { batchHeaderBytes, RecordBatchBuilder } from '../protocol/record-batch-builder.js';
import { countIn, type QueueEntry, splitEntry } from './queue-entry.js';
import type { SpareSpace } from './spare-space.js';

/** What all queues of a producer share. */
export interface QueuesShare {
  /** What they hold together: asked for after every record, so kept up rather than summed up. */
  bytes: number;
  readonly spare: SpareSpace;
}

const sequences = 2 ** 31;

/**
 * The records of one partition, oldest first, from `append` to their acknowledgement or refusal, as batches. A record
 * leaves only from the front, and at most one batch is under way, so that order survives every retry; and a batch that
 * is sent again is the same batch. Plain state, without Kafka or timers.
 */
export class PartitionQueue implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly #clock: Clock;
  readonly #maxBatchBytes: number;
  readonly #shared: QueuesShare;
  #entries: QueueEntry[] = [];
  #length = 0;
  #underWay = false;
  /** Who the batches come from, and the sequence of the next record; undefined before the first, and when it was lost. */
  #producer: ProducerIdentity | undefined;
  #sequence = 0;
  /** Whom batches came from whose fate nobody knows: never again in this partition. */
  spent: ProducerIdentity | undefined;
  /** Consecutive failures, and the monotonic time before which nothing is sent. */
  failures = 0;
  notBefore = 0;
  /** How many were ever appended and answered: what `flush` waits by. */
  appended = 0;
  answered = 0;

  /** @param clock for nothing but what a listener throws */
  constructor(
    clock: Clock,
    { topic, partition }: TopicPartition,
    maxBatchBytes: number,
    shared: QueuesShare,
  ) {
    this.#clock = clock;
    this.topic = topic;
    this.partition = partition;
    this.#maxBatchBytes = maxBatchBytes;
    this.#shared = shared;
  }

  get length(): number {
    return this.#length;
  }

  /** How many of the oldest are under way; 0 when none is. */
  get inFlight(): number {
    return this.#underWay ? (this.#entries[0]?.count ?? 0) : 0;
  }

  /** When the oldest was appended. */
  get since(): number | undefined {
    return this.#entries[0]?.runs[0]?.since;
  }

  /** Why the oldest is never sent. */
  get refusal(): KafkaRxError | undefined {
    return this.#entries[0]?.refusal;
  }

  /**
   * @param bound at least as many bytes as the record takes in a batch
   * @param since the monotonic time
   */
  append(
    listener: OutputListener,
    key: Buffer | null,
    value: Buffer | null,
    headers: readonly Header[],
    timestamp: number,
    bound: number,
    since: number,
  ): void {
    const open = this.#open(timestamp, bound);
    const batch = open ?? new RecordBatchBuilder(this.#shared.spare.take());
    const before = batch.size;
    // First what can throw: a record that was not added leaves neither a count nor an empty batch behind.
    batch.append(key, value, headers, timestamp, bound);
    if (open === undefined) this.#push(batch);
    this.#count(this.#entries[this.#entries.length - 1], listener, since, batch.size - before);
  }

  /** Adds a record that is refused, with this error, when all before it are answered. */
  appendRefused(listener: OutputListener, refusal: KafkaRxError, bytes: number, since: number): void {
    const entry: QueueEntry = { batch: undefined, refusal, runs: [], count: 0, bytes: 0 };
    this.#entries.push(entry);
    this.#count(entry, listener, since, bytes);
  }

  /** The bytes of the batch that is next; undefined where there is none. */
  get nextBytes(): number | undefined {
    return this.#entries[0]?.batch?.size;
  }

  /** The oldest batch, which is under way from now on. */
  take(): RecordBatchBuilder | undefined {
    const batch = this.#entries[0]?.batch;
    this.#underWay = batch !== undefined;
    return batch;
  }

  /** Whether the batch under way has to be numbered, under an identity that this partition has not used yet. */
  get wantsIdentity(): boolean {
    const batch = this.#current;
    return batch !== undefined && batch.sequence === undefined && this.#producer === undefined;
  }

  /** Batches are numbered from 0 on under this identity. */
  begin(producer: ProducerIdentity): void {
    this.#producer = producer;
    this.#sequence = 0;
  }

  /** What comes next is numbered under another identity. */
  renumber(): void {
    this.#producer = undefined;
    this.spent = undefined;
  }

  /** Numbers the batch under way, if it is not: however often it is sent, the leader writes it once. */
  number(): void {
    const batch = this.#current;
    if (batch === undefined || batch.sequence !== undefined || this.#producer === undefined) return;
    batch.number({ producer: this.#producer, sequence: this.#sequence });
    this.#sequence = sequenceAfter(this.#sequence, batch.count);
  }

  /** The leader does not know the sequence that the batch goes on with, and has not written it: it is numbered anew. */
  loseSequence(): void {
    this.#spend();
    this.#entries[0]?.batch?.number(undefined);
  }

  /** The batch under way is durable. */
  acknowledge(baseOffset: number): void {
    const entry = this.#underWay ? this.#entries[0] : undefined;
    this.#underWay = false;
    if (entry === undefined) return;
    // Of an earlier attempt some bytes may still be on their way out of another socket.
    const mayReuse = this.failures === 0;
    this.failures = 0;
    if (mayReuse && entry.batch !== undefined) this.#shared.spare.give(entry.batch.space);
    let done = 0;
    this.#remove(entry.count, (listener, run) => {
      const first = baseOffset < 0 ? -1 : baseOffset + done;
      done += run;
      listener.acknowledged(run, first);
    });
  }

  /** The batch under way was not written, or nobody knows; it is sent again, later. */
  putBack(notBefore: number): void {
    this.#underWay = false;
    this.failures++;
    this.notBefore = notBefore;
  }

  /** One of the batch under way is refused, and it is not known which: makes halves of it until it stands alone. */
  halve(): 'halved' | 'alone' {
    const count = this.inFlight;
    if (count <= 1) return 'alone';
    this.#underWay = false;
    const batch = this.#entries[0]?.batch;
    // Whatever became of sendings before: had the leader written one, it would know the batch again. So the halves have its numbers.
    if (batch?.sequence !== undefined) this.#sequence = batch.sequence.sequence;
    batch?.number(undefined);
    this.#split(Math.ceil(count / 2));
    return 'halved';
  }

  /** Refuses the oldest `count`, which are under way or waiting. */
  refuse(count: number, error: KafkaRxError): void {
    this.#underWay = false;
    this.#takeBackSequence();
    this.#remove(count, (listener, run) => listener.refused(run, error));
  }

  /** Refuses the batch under way, of which nobody knows whether it was written: its number is not given again. */
  abandon(error: KafkaRxError): void {
    const count = this.inFlight;
    if (this.#current?.sequence !== undefined) this.loseSequence();
    this.refuse(count, error);
  }

  /**
   * Records, counted from the oldest, that were appended at or before `time`. A batch that was sent counts as a whole, by its
   * oldest: what of it the leader may have written cannot be told from what it has not.
   */
  olderThan(time: number): number {
    let count = 0;
    for (const { batch, runs, count: inEntry } of this.#entries) {
      const [oldest] = runs;
      if (oldest === undefined || oldest.since > time) return count;
      if (batch?.isSealed === true) {
        count += inEntry;
        continue;
      }
      for (const run of runs) {
        if (run.since > time) return count;
        count += run.count;
      }
    }
    return count;
  }

  /**
   * What was numbered is given up. Refused at its first sending it was not written, and the next takes its number;
   * otherwise nobody knows, and what follows needs an identity of its own.
   */
  #takeBackSequence(): void {
    const sequence = this.#entries[0]?.batch?.sequence;
    if (sequence === undefined) return;
    if (this.failures === 0) this.#sequence = sequence.sequence;
    else this.#spend();
    this.#entries[0]?.batch?.number(undefined);
  }

  #spend(): void {
    this.spent = this.#producer;
    this.#producer = undefined;
  }

  /** The batch under way. */
  get #current(): RecordBatchBuilder | undefined {
    return this.#underWay ? this.#entries[0]?.batch : undefined;
  }

  /** The newest batch where it takes such a record. */
  #open(timestamp: number, bound: number): RecordBatchBuilder | undefined {
    const last = this.#entries[this.#entries.length - 1]?.batch;
    const isUnderWay = this.#underWay && this.#entries.length === 1;
    if (last !== undefined && !isUnderWay && !last.isSealed && last.takes(timestamp)) {
      if (last.size + bound <= this.#maxBatchBytes) return last;
    }
    return undefined;
  }

  /** Puts a batch behind the others. */
  #push(batch: RecordBatchBuilder): void {
    this.#entries.push({ batch, refusal: undefined, runs: [], count: 0, bytes: batchHeaderBytes });
    this.#shared.bytes += batchHeaderBytes;
  }

  #count(entry: QueueEntry | undefined, listener: OutputListener, since: number, bytes: number): void {
    if (entry === undefined) return;
    countIn(entry, listener, since);
    entry.bytes += bytes;
    this.#shared.bytes += bytes;
    this.#length++;
    this.appended++;
  }

  /** Makes two batches of the oldest, of which the first has `count` records. */
  #split(count: number): void {
    const [entry, ...others] = this.#entries;
    if (entry === undefined) return;
    const halves = splitEntry(entry, count);
    if (halves === undefined) return;
    this.#entries = [...halves, ...others];
    for (const { bytes } of halves) this.#shared.bytes += bytes;
    this.#shared.bytes -= entry.bytes;
  }

  /** Takes the oldest off the queue, and tells each run of records that have the same listener. */
  #remove(count: number, call: (listener: OutputListener, run: number) => void): void {
    let left = Math.min(count, this.#length);
    const told: { readonly listener: OutputListener; count: number }[] = [];
    while (left > 0) {
      const [entry] = this.#entries;
      if (entry === undefined) break;
      if (entry.count > left) {
        this.#split(left);
        continue;
      }
      this.#entries.shift();
      left -= entry.count;
      this.#length -= entry.count;
      this.answered += entry.count;
      this.#shared.bytes -= entry.bytes;
      for (const { listener, count: ofRun } of entry.runs) {
        const last = told.at(-1);
        if (last?.listener === listener) last.count += ofRun;
        else told.push({ listener, count: ofRun });
      }
    }
    for (const { listener, count: ofListener } of told) tell(this.#clock, () => call(listener, ofListener));
  }
}

/** The sequence of the record that comes `count` later: 32 bits without a sign, of which Kafka uses 31. */
export function sequenceAfter(sequence: number, count: number): number {
  return (sequence + count) % sequences;
}
