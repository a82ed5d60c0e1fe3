/**
 * Deliveries and leases: how kafka-rx knows that everything a source record caused is durable.
 *
 * A delivery is one hand-over of a source record to the topology. It stays open while somebody holds a lease on it:
 * the source during its `next`, a sink until the broker or store has acknowledged, an asynchronous operator until it
 * has handed on its result. When the last lease is released the delivery is settled. Leases may only be taken inside
 * a dispatch window, the synchronous span in which the delivery is known to be held open by somebody else: outside
 * it nobody can say whether its offset was committed already.
 */
import type { Clock } from '../../base/clock.js';
import type { MaskedField } from '../../card/masked-field.js';
import type { AssignedPartition, FetchedBatch, SourceRecord } from '../../drivers/port.js';
import type { KafkaRxError } from '../../errors/errors.js';
import { showOnly } from '../../record/coordinates-only.js';
import type { StatesOfTask } from '../../state/states-of-task.js';
import type { HeldBack, Job } from '../tasks/job.js';

/** The key under which a record carries its deliveries; shared by all copies of the library in a process. */
export const deliveriesOf: unique symbol = Symbol.for('kafka-rx.deliveries') as never;

/** One delivery or, behind `batch` and joins, several. */
export type Deliveries = Delivery | readonly Delivery[];

export const noDeliveries: Deliveries = Object.freeze([]);

/** Why lease holders are told to flush what they gather; `commit`: what is of partitions at a barrier, and nothing else. */
export type FlushReason = 'bound' | 'idle' | 'drain' | 'stop' | 'commit';

/** Where a record failed; each stage has its policy. */
export type Stage = 'decode' | 'process' | 'encode' | 'produce' | 'store';

/** What becomes of a record that failed; `retry` is resolved by whoever can wait before it gets here. */
export type Verdict = 'fail' | 'skip' | 'dead-letter';

/** A record that could not be processed at one node of the topology. */
export interface Problem {
  readonly stage: Stage;
  /** The node that could not: the operator's or sink's name. */
  readonly node: string;
  readonly error: KafkaRxError;
  /** The node's own policy; undefined: the app's for the stage. */
  readonly verdict?: Verdict | undefined;
  /** The node is in no topology: it has a name alone, which may be that of another there. */
  readonly outside?: boolean | undefined;
  /** What a dead letter is to say of the node, where that is not the one that there is now. */
  readonly target?: { readonly way: string | undefined; readonly alike: number } | undefined;
}

/** What stands behind a delivery: the app, or a test's double of it. */
export interface DeliveryHost {
  /** The same for all hosts that stand for one app: records of another are not for its sinks. */
  readonly app: object;
  readonly clock: Clock;
  /** Neither failed nor stopped. Afterwards nothing is begun any more, and what is lost must not be committed. */
  readonly live: boolean;
  /** How often a sink that may end has ended: what was closed while this moved was closed on purpose. */
  readonly endings: number;
  /** Fails the app at once; the first error counts. */
  fail(error: KafkaRxError): void;
  /** Applies the policy of the stage. The caller's lease, or the open window, covers the call only. */
  problem(problem: Problem, deliveries: Deliveries): void;
  /**
   * Takes over the leases of a subscription that ended with work under way. Where a sink that may end has ended it, they
   * are released: the branch is over, and its records are for it no more. Otherwise nobody will make anything of them,
   * and they are held: no commit passes them, and no drain waits for them.
   */
  giveUp(deliveries: Deliveries): void;
  /** Hears which fields an operator masks that is in no graph, before its first record goes on: no sink may write them unmasked. */
  protect(masks: readonly MaskedField[]): void;
  /** The app's policy for retries of a stage, where it has one. */
  retryFor(stage: Stage): RetrySchedule | undefined;
  /** Counts records that are no longer wanted. */
  dropped(reason: DropReason, count: number): void;
  /** Calls `flush` whenever gathered records must move on. Returns the way out. */
  onFlush(flush: (reason: FlushReason) => void): () => void;
}

/** The last five: a state has not taken the record, or not into one of its windows. */
export type DropReason =
  | 'stale-epoch'
  | 'skipped'
  | 'dead-lettered'
  | 'after-end'
  | 'other-branch'
  | 'late'
  | 'expired'
  | 'null-key'
  | 'null-value'
  | 'no-window';

/** How often and how fast something is tried again. */
export interface RetrySchedule {
  /** Tries after the first; Infinity is allowed. */
  readonly attempts: number;
  /** Milliseconds before try number `attempt`, counted from 1. */
  delayMs(attempt: number): number;
  /** What becomes of the record afterwards. */
  readonly otherwise: Verdict;
}

/** A partition during one epoch, as deliveries see it. */
export interface Lane extends AssignedPartition {
  /** A small number of the partition's own within its app: per-partition state lives in arrays under it. */
  readonly slot: number;
  /**
   * The number under which work on its records is kept in order: its own or, in a task of several inputs, the task's, since what is made
   * of records of several of them is work on each.
   */
  readonly orderSlot: number;
  /** The channel that outputs of its records go to; 0: the app's one producer. */
  readonly outputSlot: number;
  /** The channel that internal topics of its task are written by: its unit of work, also where outputs go to the app's one producer. 0, or left out: it has none. */
  readonly internalSlot?: number | undefined;
  /** The largest timestamp that was handed out of it, in milliseconds since 1970; -1: none was. Left out: nobody asks. */
  newest?: number;
  /** What its task keeps in states, once that is restored. Undefined: nothing. */
  readonly states?: StatesOfTask | undefined;
  /** What is done in turns of its task beside its records. Undefined: it has none, as in a test's double. */
  readonly jobs?: JobsOfTask | undefined;
  /** It hands out nothing until all that it handed out has settled: who has something of it lets that through at once, before others. */
  readonly atBarrier: boolean;
  /**
   * Under exactly once, while a store is filled again: the group had committed all below this offset when the epoch began, and with it what
   * was made of it for Kafka. That is not written again. -1: nothing is filled.
   */
  readonly fillsUpTo: number;
  /**
   * Which topic the epoch reads, as the documents and positions of stores have it: fixed with the first batch, whatever becomes of
   * the topic's name meanwhile.
   */
  readonly origin: string;
  readonly host: DeliveryHost;
  /** The epoch is over: whatever carries it is dropped and counted. */
  readonly ended: boolean;
  /**
   * {@link DeliveryHost.endings} when a view of it was last left by the last who heard it; -1: never. What such an ending gives up
   * is not committed: it comes again, after a restart, for whoever hears that view then.
   */
  readonly leftAt: number;
  /** Aborted when the epoch ends; for work that is under way. */
  readonly signal: AbortSignal;
  /** Hears that a failure keeps a delivery open for good, or, by its name, the end of a sink that may end. */
  hold(offset: number, sink: string | undefined): void;
  /** Hears of a delivery whose last lease was released. */
  settle(delivery: Delivery): void;
}

/** What operators ask of the task whose record they have. */
export interface JobsOfTask {
  /** Until it is done the task hands out nothing more of its inputs. What is there already stays as it is. */
  add(job: Job): void;
  /** It is released at the next barrier, once all else has settled, those of other operators by their order. */
  holdBack(held: HeldBack): void;
  /** Calls it, at once or later, when all that the inputs had as the epoch began is handed out. */
  whenCaughtUp(call: () => void): void;
  /**
   * A turn that comes of no record: a delivery of its own, which takes the next sequence number of an input, behind its records, so that the
   * commit of the unit waits for what is made in it. Its window and its first lease are the caller's.
   *
   * @param near an input that is preferred; undefined: the first whose position is known
   * @returns undefined: none is known yet, and nothing can be made
   */
  turn(near?: Lane): Delivery | undefined;
}

/** The batch that a delivery's record was fetched in; its memory is held until all its deliveries settled. */
export interface BatchPin {
  readonly bytes: number;
  open: number;
  /** Where records are to be had again; undefined where nobody would ask. */
  readonly batch?: FetchedBatch | undefined;
}

/** One hand-over of a source record; made by the source only. */
export class Delivery {
  declare readonly lane: Lane;
  /** Counted from 0 in each epoch without gaps; offsets may have gaps. */
  declare readonly sequence: number;
  declare readonly offset: number;
  declare readonly pin: BatchPin;
  /** Nodes that pass it by, for a replayed record that is for one branch alone. */
  declare directed: ReadonlySet<string> | undefined;
  /** The record that a replayed one stands for, by its offset, and the node that it is replayed for. */
  declare replay: { readonly of: { readonly offset: number }; readonly node: string | undefined } | undefined;
  /** What store sinks note of the documents that they took of it. */
  declare filed: object | undefined;
  /** The deliveries within which it was made, by `through`. */
  declare outer: Deliveries | undefined;
  /** Starts with the source's own. */
  private leases = 1;
  /** Depth of open dispatch windows; the source's `next` is the first. */
  private windows = 1;
  private held = false;

  constructor(lane: Lane, sequence: number, offset: number, pin: BatchPin) {
    this.lane = lane;
    this.sequence = sequence;
    this.offset = offset;
    this.pin = pin;
    this.directed = undefined;
    this.replay = undefined;
    this.filed = undefined;
    this.outer = undefined;
  }

  get topic(): string {
    return this.lane.topic;
  }

  get partition(): number {
    return this.lane.partition;
  }

  /** Whether a lease may be taken now. */
  get open(): boolean {
    return this.windows > 0;
  }

  /** Whether nothing caused by it is pending. */
  get settled(): boolean {
    return this.leases === 0;
  }

  /** The source record as it was fetched, as long as the delivery is open; undefined where batches are not kept. */
  source(): SourceRecord | undefined {
    return this.pin.batch?.reread(this.offset);
  }

  lease(): void {
    this.leases++;
  }

  release(): void {
    if (--this.leases === 0) this.lane.settle(this);
  }

  /**
   * Keeps it open for good after a failure: its offset is never committed, and no drain waits for it.
   *
   * @param sink the one that may end, and whose end gave it up
   */
  hold(sink?: string): void {
    if (this.held) return;
    this.held = true;
    this.leases++;
    this.lane.hold(this.offset, sink);
  }

  openWindow(): void {
    this.windows++;
  }

  closeWindow(): void {
    this.windows--;
  }
}

// Its lane leads to the app.
showOnly(Delivery, 'Delivery', ({ topic, partition, offset }) => ({ topic, partition, offset }));
