import type { AssignedPartition, ConsumerListener, DriverEvent, StartFrom } from '../port.js';
import type { Session } from '../session.js';
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
  readonly session: Session;
  readonly event: (event: DriverEvent) => void;
  readonly startFrom: StartFrom;
  readonly readCommitted: boolean;
}

/** Reads one assigned partition: a fetch and a batch each deferred turn, as long as there is something to read. */
export class PartitionReader implements AssignedPartition {
  readonly topic: string;
  readonly partition: number;
  epoch: number;
  readonly #context: ReaderContext;
  readonly #log: PartitionLog;
  readonly #unwatch: () => void;
  #position: number;
  #paused = false;
  #stopped = false;
  #due = false;
  /** Whether nobody has committed where it begins, and a later start would be elsewhere. */
  #begins: boolean;

  /** @param committed where the group stands; undefined where it begins as `startFrom` says */
  constructor(
    context: ReaderContext,
    at: AssignedPartition,
    log: PartitionLog,
    committed: number | undefined,
  ) {
    this.topic = at.topic;
    this.partition = at.partition;
    this.epoch = at.epoch;
    this.#context = context;
    this.#log = log;
    this.#position = committed ?? log.offsetAt(context.startFrom);
    this.#begins = committed === undefined && context.startFrom !== 'earliest';
    this.#unwatch = log.watch(() => this.wake());
  }

  /** Delivers in a deferred turn, of which at most one is outstanding. */
  wake(): void {
    if (this.#due || !this.#hasWork()) return;
    this.#due = true;
    this.#context.cluster.clock.defer(this.#deliver);
  }

  set paused(paused: boolean) {
    this.#paused = paused;
    this.wake();
  }

  seek(offset: number, epoch: number): void {
    this.#position = offset;
    this.#begins = false;
    this.epoch = epoch;
    this.wake();
  }

  /** For good: no batch follows. */
  stop(): void {
    this.#stopped = true;
    this.#unwatch();
  }

  /** Within the log: something to read. Outside of it: an offset to reset. */
  #hasWork(): boolean {
    const { cluster, session, readCommitted } = this.#context;
    if (this.#stopped || this.#paused || !cluster.reachable || !session.isConfirmed) return false;
    return this.#begins || this.#position < this.#log.bound(readCommitted) || this.#isOutOfRange();
  }

  #isOutOfRange(): boolean {
    return this.#position < this.#log.startOffset || this.#position > this.#log.endOffset;
  }

  readonly #deliver = (): void => {
    this.#due = false;
    if (!this.#hasWork()) return;
    if (this.#begins) this.#begin();
    else if (this.#isOutOfRange()) this.#reset();
    else this.#fetch();
    this.wake();
  };

  #begin(): void {
    this.#begins = false;
    this.#context.listener.batch(startBatch(this, this.#position));
  }

  #fetch(): void {
    const { readCommitted, listener } = this.#context;
    const slice = this.#log.read(this.#position, readCommitted, limits);
    this.#position = slice.nextOffset;
    listener.batch(new LogBatch(this, slice, readCommitted));
  }

  /**
   * The records at the position are gone, or the position never existed. It can only move forward within an epoch:
   * a position behind the end comes from a seek or a commit, of which nothing was delivered yet.
   */
  #reset(): void {
    const { startFrom, event } = this.#context;
    const from = this.#position;
    this.#position = this.#log.offsetAt(startFrom);
    event({ type: 'offset-reset', topic: this.topic, partition: this.partition, from, to: this.#position });
  }
}
