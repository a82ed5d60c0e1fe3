import type { Gated, PendingGate } from '../gates.js';
import { type EpochEnd, Lineage } from '../lineage.js';
import type { MembershipTerm } from '../membership-term.js';
import type { ConsumerListener, DriverEvent, Standstill, StartFrom } from '../port.js';
import type { ReadPartition } from '../read-partition.js';
import { startBatch } from '../start-batch.js';
import type { Cluster } from './cluster.js';
import { LogBatch } from './log-batch.js';
import type { PartitionLog } from './partition-log.js';

/** What one fetch brings at most; the broker's and kafkajs's defaults are of this order. */
const limits = { maxRecords: 500, maxBytes: 1_048_576 };

/** What all readers of one consumer share. */
export interface ReaderContext {
  readonly cluster: Cluster;
  readonly listener: ConsumerListener;
  readonly term: MembershipTerm;
  readonly event: (event: DriverEvent) => void;
  readonly readCommitted: boolean;
  /** Its log does not go on from what it read: it was truncated. */
  readonly diverged: (reader: PartitionReader, end: EpochEnd) => void;
}

interface Beginning {
  readonly toBeCommitted?: boolean;
  /** Of the leader that wrote the record before. */
  readonly epoch?: number | undefined;
  /** The offset of the commit that it begins at, or below. */
  readonly committed?: number | undefined;
}

/** Reads one assigned partition: a fetch and a batch each deferred turn, as long as there is something to read. */
export class PartitionReader implements ReadPartition, Gated {
  readonly topic: string;
  readonly partition: number;
  epoch: number;
  gate: PendingGate | undefined = undefined;
  readonly topicId: string;
  readonly lineage = new Lineage();
  readonly #context: ReaderContext;
  readonly #log: PartitionLog;
  readonly #unwatch: () => void;
  /** Undefined until it is known where to begin. */
  #position: number | undefined;
  #paused = false;
  #stopped = false;
  #due = false;
  #begun = false;
  /** Whether nobody has committed where it begins, and a later start would be elsewhere. */
  #begins = false;
  /** Whether the listener knows that nothing more is there. */
  #caughtUp = false;
  /** The first record of the open transaction that it stands before, and since when. */
  #standsAt: { readonly offset: number; readonly since: number } | undefined;

  constructor(context: ReaderContext, at: ReadPartition, log: PartitionLog) {
    this.topic = at.topic;
    this.partition = at.partition;
    this.epoch = at.epoch;
    this.topicId = at.topicId;
    this.#context = context;
    this.#log = log;
    this.#unwatch = log.watch(() => this.wake());
  }

  /** Delivers in a deferred turn, of which at most one is outstanding. */
  wake(): void {
    this.#note();
    if (this.#due || !this.#hasWork()) return;
    this.#due = true;
    this.#context.cluster.clock.defer(this.#deliver, 'fetch');
  }

  /** Begins, unless a seek came first; with a batch without records where this is to be committed. */
  begin(position: number, { toBeCommitted = false, epoch, committed }: Beginning = {}): void {
    if (this.#position !== undefined) return;
    this.#position = position;
    this.lineage.goOn(epoch, committed);
    this.#begins = toBeCommitted;
    this.wake();
  }

  /** Where it is, once that is known. */
  get position(): number | undefined {
    return this.#position;
  }

  /** Whether something of this epoch was handed out. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Nothing of this epoch is out: where to begin is to be found out anew. */
  beginAnew(): void {
    this.#position = undefined;
  }

  offsetAt(at: StartFrom): number {
    return this.#log.offsetAt(at);
  }

  /** Whether that is the log that it reads, and not one made anew under the same name. */
  reads(log: PartitionLog | undefined): boolean {
    return this.#log === log;
  }

  /** What it waits for that is neither paused nor the end of the log. */
  get standstill(): Standstill | undefined {
    const { topic, partition } = this;
    const { cluster } = this.#context;
    if (this.#stopped || this.#paused || this.gate !== undefined) return undefined;
    const { unreachableSince } = cluster;
    if (unreachableSince !== undefined) {
      const offset = this.#position ?? -1;
      return { topic, partition, cause: 'unanswered', offset, records: 0, since: unreachableSince };
    }
    if (this.#standsAt === undefined) return undefined;
    const { offset, since } = this.#standsAt;
    const records = this.#log.endOffset - offset;
    return { topic, partition, cause: 'open-transaction', offset, records, since };
  }

  set paused(paused: boolean) {
    if (this.#paused && !paused) this.#caughtUp = false;
    this.#paused = paused;
    this.wake();
  }

  seek(offset: number, epoch: number): void {
    this.#beginEpoch(epoch);
    this.#position = offset;
    this.wake();
  }

  /** Where it begins is to be found out. */
  rewind(epoch: number): void {
    this.#beginEpoch(epoch);
    this.#position = undefined;
    this.#paused = false;
    this.#note();
  }

  /** For good: no batch follows. */
  stop(): void {
    this.#stopped = true;
    this.#unwatch();
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  #beginEpoch(epoch: number): void {
    this.#begins = false;
    this.#begun = false;
    this.#caughtUp = false;
    this.lineage.goOn(undefined);
    this.epoch = epoch;
  }

  /** Whether it stands before an open transaction: wherever it or the log has moved. */
  #note(): void {
    const { cluster, readCommitted } = this.#context;
    const position = this.#position;
    const stands =
      readCommitted &&
      !this.#paused &&
      this.gate === undefined &&
      position !== undefined &&
      position < this.#log.endOffset &&
      position === this.#log.bound(readCommitted);
    if (!stands) this.#standsAt = undefined;
    else if (this.#standsAt?.offset !== position)
      this.#standsAt = { offset: position, since: cluster.clock.elapsed() };
  }

  /** Within the log: something to read. Outside of it: an offset to reset. */
  #hasWork(): boolean {
    const { cluster, term, readCommitted } = this.#context;
    if (this.#stopped || this.#paused || !cluster.reachable || !term.isConfirmed) return false;
    const position = this.#position;
    if (position === undefined || this.gate !== undefined) return false;
    if (this.#divergence(position) !== undefined) return true;
    if (this.#begins || position < this.#log.bound(readCommitted) || this.#isOutOfRange(position))
      return true;
    return !this.#caughtUp && this.#context.listener.caughtUp !== undefined;
  }

  #divergence(position: number): EpochEnd | undefined {
    const epoch = this.lineage.before(position);
    return epoch === undefined ? undefined : this.#log.divergence(epoch, position);
  }

  #isOutOfRange(position: number): boolean {
    return position < this.#log.startOffset || position > this.#log.endOffset;
  }

  readonly #deliver = (): void => {
    this.#due = false;
    const position = this.#position;
    if (position === undefined || !this.#hasWork()) return;
    const end = this.#divergence(position);
    if (end !== undefined) this.#context.diverged(this, end);
    else if (this.#begins) this.#start(position);
    else if (this.#isOutOfRange(position)) this.#reset(position);
    else if (position < this.#log.bound(this.#context.readCommitted)) this.#fetch(position);
    else this.#tellCaughtUp(position);
    this.wake();
  };

  #tellCaughtUp(position: number): void {
    const { topic, partition, epoch } = this;
    this.#caughtUp = true;
    this.#context.listener.caughtUp?.({ topic, partition, epoch }, position);
  }

  #start(position: number): void {
    this.#begins = false;
    this.#begun = true;
    this.#caughtUp = false;
    this.#context.listener.batch(startBatch(this, position));
  }

  #fetch(position: number): void {
    const { readCommitted, listener } = this.#context;
    const slice = this.#log.read(position, readCommitted, limits);
    this.#position = slice.nextOffset;
    this.#begun = true;
    this.#caughtUp = false;
    this.lineage.read(slice.epochs);
    listener.batch(new LogBatch(this, slice, readCommitted));
  }

  /**
   * The records at the position are gone, or the position never existed: goes on at the first record that there is, as the kafkajs
   * driver does, so that nothing is skipped that could be read. It can only move forward within an epoch: a position behind the end
   * comes from a seek or a commit, of which nothing was delivered yet.
   */
  #reset(from: number): void {
    const to = this.offsetAt('earliest');
    this.#position = to;
    this.lineage.goOn(undefined);
    // With nothing behind it no record would say that the group has come so far.
    this.#begins = to > from;
    this.#context.event({ type: 'offset-reset', topic: this.topic, partition: this.partition, from, to });
  }
}
