import { setMaxListeners } from 'node:events';
import { Queue } from '../../base/queue.js';
import type { AssignedPartition, FetchedBatch } from '../../drivers/port.js';
import type { BatchPin, Delivery, DeliveryHost, Lane } from '../leases/delivery.js';
import { type BatchPreparation, preparationFor } from './batch-preparation.js';
import type { GivenUp } from './given-up.js';
import type { TopicView } from './topic-view.js';
import type { TakesTurns, Turn } from './turns.js';

/** What a lane tells its dispatcher. */
export interface LaneOwner {
  settled(lane: PartitionLane, delivery: Delivery): void;
}

/** The batch whose records are being handed out, and its pin. */
export interface CurrentBatch {
  readonly batch: FetchedBatch;
  readonly pin: BatchPin;
}

/** A partition of this member during one epoch: what was fetched of it, what was handed out, what is settled. */
export class PartitionLane implements Lane, TakesTurns {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  /** @see Lane.origin */
  origin: string;
  /** A batch has said so; until then it is the name. */
  originKnown = false;
  readonly preparation: BatchPreparation | undefined;
  readonly batches = new Queue<FetchedBatch>();
  current: CurrentBatch | undefined;
  /** Bytes fetched and not handed out. */
  queuedBytes = 0;
  /** Bytes of batches that unsettled deliveries hold in memory. */
  pinnedBytes = 0;
  /** Sequence numbers given out. */
  opened = 0;
  /** Deliveries below the watermark, as the last commit point said. */
  belowWatermark = 0;
  /** The watermark's offset; before the first commit point that of the first record, -1 before that. */
  watermark = -1;
  /** Since when the first unsettled delivery has held the watermark, on the clock's monotonic time. */
  watermarkMovedAt = 0;
  unsettled = 0;
  /** Deliveries that a failure keeps from ever settling. */
  held = 0;
  /** The lowest offset of these, and the sink whose end gave up the first. */
  #heldAt = -1;
  #heldBy: string | undefined;
  /** Offset after the last record handed out. */
  position = -1;
  endOffset = -1;
  pausedAtDriver = false;
  /** Hands out nothing more: the epoch is about to end. */
  draining = false;
  /** On the clock's monotonic time, while it drains. */
  drainingSince = 0;
  /** Every view of it has somebody to hand records to. */
  heard: boolean;
  /** @see Lane.leftAt */
  leftAt = -1;
  #viewsHeard: number;
  turn: Turn = 'none';
  #ended = false;
  #controller: AbortController | undefined;

  constructor(
    { topic, partition, epoch }: AssignedPartition,
    readonly slot: number,
    readonly host: DeliveryHost,
    readonly views: readonly TopicView[],
    private readonly owner: LaneOwner,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.epoch = epoch;
    this.origin = topic;
    this.preparation = preparationFor(views);
    this.#viewsHeard = heardOf(views);
    this.heard = this.#viewsHeard > 0 && this.#viewsHeard === views.length;
  }

  get ended(): boolean {
    return this.#ended;
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
    return this.opened - this.belowWatermark;
  }

  get hasWork(): boolean {
    return this.current !== undefined || this.batches.length > 0;
  }

  /** What waits of it cannot be handed out: it is at its span, or nobody hears it. */
  get stuck(): boolean {
    return this.turn === 'blocked' || !this.heard;
  }

  /** A view of it may have gained or lost a subscriber. */
  subscribersChanged(): void {
    const before = this.#viewsHeard;
    this.#viewsHeard = heardOf(this.views);
    this.heard = this.#viewsHeard > 0 && this.#viewsHeard === this.views.length;
    if (this.#viewsHeard < before) this.leftAt = this.host.endings;
  }

  /** Nothing is pending but what a failure holds. */
  get quiet(): boolean {
    return this.unsettled <= this.held;
  }

  discardQueue(): void {
    this.batches.clear();
    this.current = undefined;
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
    this.#ended = true;
    this.draining = true;
    this.unsettled = 0;
    this.pinnedBytes = 0;
    this.#controller?.abort();
  }
}

function heardOf(views: readonly TopicView[]): number {
  return views.filter(view => view.isHeard).length;
}
