import type { Observable } from 'rxjs';
import type { Clock } from '../../base/clock.js';
import type { AssignedPartition, DriverConsumer, FetchedBatch } from '../../drivers/port.js';
import type { Headers } from '../../record/headers.js';
import type { CommitPoint, DeliveryEvent } from '../commit/commit-in-order.js';
import type { Delivery, DeliveryHost, FlushReason } from '../leases/delivery.js';
import type { Admission } from './admission.js';
import type { BatchPreparation } from './batch-preparation.js';
import type { Bounds } from './bounds.js';
import { DeliveryEvents } from './delivery-events.js';
import { Draining, type Flusher } from './draining.js';
import { FlushTimer } from './flush-timer.js';
import { HandOut } from './hand-out.js';
import type { InFlight } from './in-flight.js';
import { Intake } from './intake.js';
import type { Lanes } from './lanes.js';
import type { Pace } from './pace.js';
import { type LaneOwner, PartitionLane } from './partition-lane.js';
import type { TopicView } from './topic-view.js';
import { Turns } from './turns.js';

/** What the dispatcher needs of its surroundings. */
export interface DispatcherParts {
  readonly clock: Clock;
  readonly host: DeliveryHost & Flusher;
  /** Says in `health()` what takes long. */
  readonly slow: { during<T>(what: string, work: Promise<T>): Promise<T> };
  readonly bounds: Bounds;
  readonly pace: Pace;
  /** The partitions of this member; the dispatcher puts them there. */
  readonly lanes: Lanes;
  /** What is under way; the dispatcher counts it there. */
  readonly inFlight: InFlight;
  /** Whether batches are kept until their records are settled, so that these can be had again. */
  readonly keepsBatches: boolean;
  /** The driver's consumer, as far as the source steers it. */
  readonly consumer: Pick<DriverConsumer, 'confirmedUntil' | 'pause' | 'resume'>;
  readonly views: { of(topic: string): readonly TopicView[] };
  /** Which topic a batch is of; asked once an epoch. */
  originOf(batch: FetchedBatch): string;
  /** What the headers of a record say, and what is left of them for the topology. */
  admit(headers: Headers): Admission;
  consumed(topic: string, records: number): void;
}

/**
 * The source: hands fetched records to the topology one at a time, each through the whole graph before the next, and
 * keeps what is under way within bounds. Partitions take turns. It never waits: at a bound it returns and goes on
 * when something settles.
 *
 * 1. A batch is taken in (`Intake`: what waits is bounded), prepared where a codec asks for it, and queued in its lane.
 * 2. The lane is offered a turn (`Turns`); at its span it is blocked until its watermark moves.
 * 3. In its turn it hands out records one by one (`HandOut`), until it has none, its turn is over or a bound is reached.
 * 4. At a bound and when idle, lease holders are told to flush (`FlushTimer`); what settles wakes the source.
 */
export class Dispatcher implements LaneOwner {
  readonly #parts: DispatcherParts;
  readonly #lanes: Lanes;
  /** Partitions with records to hand out; blocked: those at their span. One that nobody wants is not among them. */
  readonly #turns = new Turns<PartitionLane>();
  readonly #events = new DeliveryEvents();
  readonly #inFlight: InFlight;
  readonly #intake: Intake;
  readonly #handOut: HandOut;
  readonly #draining: Draining;
  readonly #flushTimer: FlushTimer;
  /** Batches that are prepared and will be queued. */
  #preparing = 0;
  /** The clock's time as of the last look. */
  #now = 0;
  #dispatching = false;
  #scheduled = false;

  constructor(parts: DispatcherParts) {
    const { clock, host: flusher, bounds, pace, lanes, inFlight, consumer, keepsBatches } = parts;
    this.#parts = parts;
    this.#lanes = lanes;
    this.#inFlight = inFlight;
    this.#intake = new Intake({ bounds, lanes, consumer });
    this.#handOut = new HandOut({
      inFlight,
      intake: this.#intake,
      events: this.#events,
      keepsBatches,
      admit: parts.admit,
    });
    this.#draining = new Draining({ clock, flusher, flushMs: pace.flushMs });
    this.#flushTimer = new FlushTimer({ clock, flusher, inFlight });
  }

  /** What happens to deliveries, for `commitInOrder`; one subscriber. */
  get events$(): Observable<DeliveryEvent> {
    return this.#events.events$;
  }

  /**
   * Replaces the assignment: every lane's epoch ends, kept partition or not, and new ones begin.
   *
   * @returns those that had not ended before
   */
  assign(partitions: readonly AssignedPartition[]): readonly AssignedPartition[] {
    const before = [...this.#lanes.all];
    this.#end(before);
    const { host, clock, views } = this.#parts;
    const lanes = partitions.map(
      partition =>
        new PartitionLane(partition, this.#lanes.slotOf(partition), host, views.of(partition.topic), this),
    );
    for (const lane of lanes) lane.watermarkMovedAt = clock.elapsed();
    this.#lanes.add(lanes);
    return before;
  }

  /**
   * Ends these epochs now: what is pending of them is dropped and counted when it arrives.
   *
   * @returns those that had not ended before; the partition may long be assigned anew, in an epoch that goes on
   */
  lose(partitions: readonly AssignedPartition[]): readonly AssignedPartition[] {
    const lanes = this.#lanes.during(partitions);
    this.#end(lanes);
    // What they had under way may have been what held the others up.
    this.wake();
    return lanes;
  }

  accept(batch: FetchedBatch): void {
    const lane = this.#lanes.of(batch);
    if (lane === undefined || lane.epoch !== batch.epoch || lane.draining) return;
    // By the first of the epoch: nothing was handed out before.
    if (!lane.originKnown) lane.origin = this.#parts.originOf(batch);
    lane.originKnown = true;
    lane.endOffset = batch.endOffset;
    // It counts from now on, also while it is prepared.
    this.#intake.received(lane, batch.bytes);
    if (lane.preparation === undefined) this.#queue(lane, batch);
    else this.#prepare(lane, lane.preparation, batch);
  }

  #prepare(lane: PartitionLane, preparation: BatchPreparation, batch: FetchedBatch): void {
    this.#preparing++;
    this.#parts.slow
      .during(
        `a codec to prepare a batch of partition ${lane.partition} of '${lane.topic}' up to offset ${batch.nextOffset}`,
        preparation.prepare(batch),
      )
      .finally(() => {
        this.#preparing--;
      })
      .then(
        ready => this.#queue(lane, ready),
        error => lane.host.fail(error),
      );
  }

  #queue(lane: PartitionLane, batch: FetchedBatch): void {
    if (lane.draining) return;
    lane.batches.push(batch);
    this.#offer(lane);
    if (!this.#scheduled) this.#dispatch();
  }

  /** A watermark moved; a partition blocked at its span may go on. */
  advanced({ slot, epoch, offset, deliveriesBelow }: CommitPoint): void {
    const lane = this.#lanes.at(slot);
    if (lane === undefined || lane.epoch !== epoch) return;
    const wasFull = lane.span >= this.#parts.bounds.maxSpan;
    lane.belowWatermark = deliveriesBelow;
    lane.watermark = offset;
    // One look at the clock for all that settles in one burst: from its first on, a dispatch is scheduled.
    if (!this.#dispatching && !this.#scheduled) this.#now = this.#parts.clock.elapsed();
    lane.watermarkMovedAt = this.#now;
    if (!wasFull) return;
    this.#turns.unblock(lane);
    this.#offer(lane);
    this.wake();
  }

  /** A view gained or lost a subscriber: what nobody wanted may be wanted now. */
  subscribersChanged(): void {
    for (const lane of this.#lanes.all) {
      lane.subscribersChanged();
      this.#offer(lane);
    }
    this.#intake.heardAgain();
    this.wake();
  }

  /** Looks for work again, soon. */
  wake(): void {
    if (this.#scheduled || this.#handOut.halted) return;
    this.#scheduled = true;
    this.#parts.clock.defer(() => {
      this.#scheduled = false;
      this.#dispatch();
    });
  }

  /** Hands out nothing more, ever. The delivery under way, if any, stays open. */
  halt(): void {
    this.#handOut.halt();
    this.#flushTimer.stop();
    this.#draining.lookAgain();
  }

  /** Stops handing out of these partitions and resolves when nothing of them is pending but what a failure holds. */
  drain(partitions: readonly AssignedPartition[], reason: FlushReason): Promise<void> {
    const lanes = this.#lanes.during(partitions);
    for (const lane of lanes) {
      lane.draining = true;
      lane.drainingSince = this.#parts.clock.elapsed();
      this.#discard(lane);
    }
    return this.#draining.quiet(lanes, reason);
  }

  settled(lane: PartitionLane, delivery: Delivery): void {
    if (lane.ended) {
      lane.host.dropped('stale-epoch', 1);
      return;
    }
    this.#inFlight.settled(lane, delivery.pin);
    this.#events.next(delivery);
    this.#draining.lookAgain();
    if (!this.#dispatching && !this.#scheduled) this.wake();
  }

  #end(lanes: readonly PartitionLane[]): void {
    this.#lanes.remove(lanes);
    for (const lane of lanes) {
      this.#inFlight.forget(lane);
      lane.end();
      this.#discard(lane);
      this.#turns.unblock(lane);
      this.#events.next({ kind: 'revoked', lane });
    }
    this.#draining.lookAgain();
  }

  /** Forgets what was fetched and not handed out; it will be fetched again by whoever owns the partition next. */
  #discard(lane: PartitionLane): void {
    lane.discardQueue();
    this.#intake.discarded(lane);
  }

  #dispatch(): void {
    if (this.#dispatching || this.#handOut.halted) return;
    this.#dispatching = true;
    this.#flushTimer.cancel();
    try {
      const { clock, pace } = this.#parts;
      this.#now = clock.elapsed();
      const until = this.#now + pace.turnMs;
      for (let lane = this.#nextLane(); lane !== undefined; lane = this.#nextLane()) {
        // An outage longer than the session, or a process that was stopped: `wake` or the end of the epochs follows.
        if (this.#now >= this.#parts.consumer.confirmedUntil) return;
        if (this.#inFlight.atBound && !this.#relieved()) {
          this.#flushTimer.every(pace.flushMs, 'bound');
          return;
        }
        // Only now: were a turn that a bound took away gone, every second partition would never get one.
        this.#turns.take();
        try {
          this.#dispatchTurn(lane);
        } finally {
          this.#offer(lane);
        }
        if (this.#handOut.halted) return;
        this.#now = clock.elapsed();
        if (this.#now >= until) {
          this.wake();
          return;
        }
      }
      if (this.#preparing === 0) this.#intake.starved();
      // Partitions that are blocked at their span are at a bound; all else has nothing to hand out.
      if (this.#turns.anyBlocked) this.#flushTimer.every(pace.flushMs, 'bound');
      else this.#flushTimer.every(pace.idleMs, 'idle');
    } finally {
      this.#dispatching = false;
    }
  }

  /** The next partition, in turn, that has a record to hand out and somebody to take it. */
  #nextLane(): PartitionLane | undefined {
    for (let lane = this.#turns.next; lane !== undefined; lane = this.#turns.next) {
      if (!lane.hasWork || !lane.heard) this.#turns.take();
      else if (lane.span >= this.#parts.bounds.maxSpan) {
        // First: what the flush makes settle lets it go on.
        this.#turns.block();
        this.#parts.host.flush('bound');
      } else return lane;
    }
    return undefined;
  }

  /** For a turn, if it has records to hand out and somebody to take them. */
  #offer(lane: PartitionLane): void {
    if (lane.hasWork && lane.heard) this.#turns.offer(lane);
  }

  #dispatchTurn(lane: PartitionLane): void {
    const { pace, clock, bounds } = this.#parts;
    const until = this.#now + pace.turnMs;
    // Nothing held the watermark until now, however long ago it moved.
    if (lane.unsettled === 0) lane.watermarkMovedAt = this.#now;
    let records = 0;
    while (records < pace.turnRecords && lane.span < bounds.maxSpan && !lane.draining && lane.heard) {
      if (!this.#handOut.next(lane)) break;
      records++;
      if (this.#handOut.halted || this.#inFlight.atBound) break;
      if ((records & 31) === 0 && clock.elapsed() >= until) break;
    }
    if (records > 0) this.#parts.consumed(lane.topic, records);
  }

  /** At a bound: whoever gathers records must flush, or nothing would ever settle. */
  #relieved(): boolean {
    this.#parts.host.flush('bound');
    return !this.#inFlight.atBound;
  }
}
