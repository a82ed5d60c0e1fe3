import { setMaxListeners } from 'node:events';
import { partitionKey } from '../../base/partition-key.js';
import { Queue } from '../../base/queue.js';
import type { AssignedPartition, FetchedBatch, SourceRecord } from '../../drivers/port.js';
import type { StatesOfTask } from '../../state/states-of-task.js';
import type { CommitLane } from '../commit/task-commit.js';
import { Watermark } from '../commit/watermark.js';
import type { BatchPin, Delivery, DeliveryHost, JobsOfTask, Lane } from '../leases/delivery.js';
import type { TaskInput } from '../tasks/choose-input.js';
import { type BatchPreparation, preparationFor } from './batch-preparation.js';
import type { GivenUp } from './given-up.js';
import { TaskOf } from './task.js';
import type { TopicView } from './topic-view.js';

/** What a lane tells its dispatcher. */
export interface LaneOwner {
  settled(lane: PartitionLane, delivery: Delivery): void;
}

/** @see TaskOf */
export type Task = TaskOf<PartitionLane>;

/** A record that its task has looked at, to choose whose comes next. */
export interface RecordAhead {
  readonly record: SourceRecord;
  /** Milliseconds since 1970, by which it is chosen. */
  readonly timestamp: number;
}

/** The batch whose records are being handed out, and its pin. */
export interface CurrentBatch {
  readonly batch: FetchedBatch;
  readonly pin: BatchPin;
}

/** A partition of this member during one epoch: what was fetched of it, what was handed out, what is settled. */
export class PartitionLane implements Lane, CommitLane, TaskInput {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  /** @see Lane.origin */
  origin: string;
  /** A batch has said so; until then it is the name. */
  originKnown = false;
  /** @see Lane.orderSlot */
  orderSlot: number;
  /** @see Lane.outputSlot */
  outputSlot = 0;
  /** @see Lane.internalSlot */
  internalSlot = 0;
  /** @see Lane.states */
  states: StatesOfTask | undefined;
  /** @see Lane.atBarrier */
  atBarrier = false;
  /** Nothing more of this epoch is committed, whatever settles: nobody waits for that. */
  abandoned = false;
  /** @see Lane.fillsUpTo */
  fillsUpTo = -1;
  readonly preparation: BatchPreparation | undefined;
  readonly batches = new Queue<FetchedBatch>();
  current: CurrentBatch | undefined;
  /** Its next record, in a task of several inputs. */
  ahead: RecordAhead | undefined;
  /** @see TaskInput.endSince; -1: a record of it has come since */
  endSince = -1;
  /** An answer of the brokers has said that nothing more is there, and nothing has come since. */
  atEnd = false;
  /** Batches that a codec prepares. */
  preparing = 0;
  /** Bytes fetched and not handed out. */
  queuedBytes = 0;
  /** Bytes of batches that unsettled deliveries hold in memory. */
  pinnedBytes = 0;
  /** Sequence numbers given out. */
  opened = 0;
  /** What of these is settled. */
  readonly watermark = new Watermark();
  /** @see CommitLane.dirty */
  dirty = false;
  /** The first record's; -1 before it was handed out. */
  firstOffset = -1;
  /** Since when the first unsettled delivery has held the watermark, on the clock's monotonic time. */
  watermarkMovedAt = 0;
  /** Deliveries that a failure keeps from ever settling. */
  held = 0;
  /** The lowest offset of these, and the sink whose end gave up the first. */
  #heldAt = -1;
  #heldBy: string | undefined;
  /** Offset after the last record handed out. */
  position = -1;
  /** The largest timestamp of the records that were handed out, in milliseconds since 1970; -1: none was. */
  newest = -1;
  /** Records below this offset come again, of units of work that were dropped. */
  repeatsBelow = -1;
  endOffset = -1;
  /** The end of the log as the first answer of the epoch had it; -1: none has come. */
  backlogEnd = -1;
  #caughtUp = false;
  pausedAtDriver = false;
  /** Which of the fetches above the common bound was its last; 0: none. */
  grant = 0;
  /** Nobody answered that one in time. */
  unanswered = false;
  /** Hands out nothing more: the epoch is about to end. */
  draining = false;
  /** On the clock's monotonic time, while it drains. */
  drainingSince = 0;
  /** Every view of it has somebody to hand records to. */
  heard: boolean;
  /** @see Lane.leftAt */
  leftAt = -1;
  #viewsHeard: number;
  #ended = false;
  #controller: AbortController | undefined;

  constructor(
    at: AssignedPartition,
    readonly slot: number,
    readonly host: DeliveryHost,
    readonly views: readonly TopicView[],
    private readonly owner: LaneOwner,
    /** What is handed out and committed with it. */
    readonly task: Task = new TaskOf(partitionKey(at)),
  ) {
    this.topic = at.topic;
    this.partition = at.partition;
    this.epoch = at.epoch;
    this.origin = at.topic;
    this.orderSlot = slot;
    task.add(this);
    this.preparation = preparationFor(views);
    this.#viewsHeard = heardOf(views);
    this.heard = this.#viewsHeard > 0 && this.#viewsHeard === views.length;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** @see Lane.jobs */
  get jobs(): JobsOfTask {
    return this.task.jobs;
  }

  /** @see TaskLane.caughtUp */
  get caughtUp(): boolean {
    const { backlogEnd, position, atEnd, hasWork, preparing } = this;
    this.#caughtUp ||= (backlogEnd >= 0 && position >= backlogEnd) || (atEnd && !hasWork && preparing === 0);
    return this.#caughtUp;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      // As many listen as calls and retries are under way: that is no leak, and Node is to print no warning of one.
      setMaxListeners(0, this.#controller.signal);
    }
    if (this.#ended) this.#controller.abort();
    return this.#controller.signal;
  }

  /** From the watermark to the newest delivery. */
  get span(): number {
    return this.opened - this.watermark.below;
  }

  /** Deliveries that are under way, those that a failure holds among them. */
  get unsettled(): number {
    return this.#ended ? 0 : this.opened - this.watermark.settled;
  }

  /** The offset of the first unsettled delivery, or where the next will be; -1 before the first. */
  get waitingAt(): number {
    const { offset } = this.watermark;
    return offset < 0 ? this.firstOffset : offset;
  }

  get hasWork(): boolean {
    return this.current !== undefined || this.batches.length > 0;
  }

  /**
   * What waits of it cannot be handed out: it is at its span, nobody hears it, or its task waits for another input, or fills stores with that.
   * Where nothing waits, nothing would be handed out that had it go on later.
   */
  get stuck(): boolean {
    if (this.queuedBytes === 0) return false;
    const { turn, wait, filling } = this.task;
    if (turn === 'blocked' || !this.heard) return true;
    return (wait !== undefined && wait.input !== this) || (filling && this.filled);
  }

  /** @see TaskLane.filled */
  get filled(): boolean {
    const { fillsUpTo, ahead } = this;
    // Before its first answer nobody knows where it begins.
    if (fillsUpTo < 0) return this.originKnown || this.atEnd;
    if (fillsUpTo <= this.position || (ahead !== undefined && ahead.record.offset >= fillsUpTo)) return true;
    // The records at the end may have been compacted away.
    return this.atEnd && !this.hasWork && this.preparing === 0;
  }

  /** @see TaskInput.isRead */
  get isRead(): boolean {
    return this.heard && !this.draining;
  }

  /** @see TaskInput.head */
  get head(): number | undefined {
    return this.ahead?.timestamp;
  }

  /** @see TaskInput.beyond */
  get beyond(): TaskInput['beyond'] {
    if (this.preparing > 0) return 'more';
    // Before the end as it was when a batch came: the records at it may have been compacted away.
    if (this.atEnd) return 'end';
    return this.endOffset > Math.max(this.position, 0) ? 'more' : 'unknown';
  }

  /** A view of it may have gained or lost a subscriber. */
  subscribersChanged(): void {
    const before = this.#viewsHeard;
    this.#viewsHeard = heardOf(this.views);
    this.heard = this.#viewsHeard > 0 && this.#viewsHeard === this.views.length;
    if (this.#viewsHeard < before) this.leftAt = this.host.endings;
  }

  /** Nothing is pending but what a failure holds, or what is done for nothing. */
  get quiet(): boolean {
    return this.abandoned || this.unsettled <= this.held;
  }

  discardQueue(): void {
    this.batches.clear();
    this.current = undefined;
    this.ahead = undefined;
  }

  hold(offset: number, sink: string | undefined): void {
    if (this.held++ === 0) this.#heldBy = sink;
    if (this.#heldAt < 0 || offset < this.#heldAt) this.#heldAt = offset;
  }

  /** While the app is live, what is held was given up. */
  get givenUp(): GivenUp | undefined {
    if (this.held === 0 || !this.host.live) return undefined;
    return { records: this.held, offset: this.#heldAt, sink: this.#heldBy };
  }

  settle(delivery: Delivery): void {
    this.owner.settled(this, delivery);
  }

  end(): void {
    if (!this.#ended) this.task.remove(this);
    this.#ended = true;
    this.draining = true;
    this.pinnedBytes = 0;
    this.#controller?.abort();
  }
}

function heardOf(views: readonly TopicView[]): number {
  return views.filter(view => view.isHeard).length;
}
