import { Observable, type Subscriber } from 'rxjs';
import type { Clock, Timer } from '../../base/clock.js';
import type { AssignedPartition, FetchedBatch, SourceRecord, TopicPartition } from '../../drivers/port.js';
import type { Headers } from '../../record/headers.js';
import type { CommitPoint, DeliveryEvent } from '../commit/commit-in-order.js';
import { type BatchPin, Delivery, type DeliveryHost, type FlushReason } from '../leases/delivery.js';
import type { Admission } from './admission.js';
import type { BatchPreparation } from './batch-preparation.js';
import { Intake, type IntakeBounds } from './intake.js';
import { Lanes } from './lanes.js';
import { PartitionLane } from './partition-lane.js';
import type { TopicView } from './topic-view.js';
import { Turns } from './turns.js';

/** Limits of what is under way; see docs/options.md for what each costs. */
export interface Bounds extends IntakeBounds {
  /** Records handed out and not settled, over all partitions. Default 20,000. */
  readonly maxUnsettled: number;
  /** Bytes of fetched batches that unsettled records pin. Default 128 MiB. */
  readonly maxUnsettledBytes: number;
  /** Deliveries from the watermark to the newest, per partition. Default 100,000. */
  readonly maxSpan: number;
  /** Bytes appended to the producer and not acknowledged. Default 32 MiB. */
  readonly maxBufferedBytes: number;
}

/** How long one turn of the source may last, and when it counts as idle. */
export interface Pace {
  readonly turnMs: number;
  readonly turnRecords: number;
  readonly idleMs: number;
  /** At a bound and in a drain, lease holders are told to let go again and again: others may have handed on to them. */
  readonly flushMs: number;
}

/** What the dispatcher needs of its surroundings. */
export interface DispatcherPorts {
  readonly clock: Clock;
  readonly host: DeliveryHost;
  readonly bounds: Bounds;
  readonly pace: Pace;
  /** Whether batches are kept until their records are settled, so that these can be had again. */
  readonly keepsBatches: boolean;
  viewsOf(topic: string): readonly TopicView[];
  /** What the headers of a record say, and what is left of them for the topology. */
  admit(headers: Headers): Admission;
  bufferedBytes(): number;
  /** Until when, on the clock's monotonic time, no other member can have the partitions. */
  confirmedUntil(): number;
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /** Tells lease holders to let go of what they gather. */
  flush(reason: FlushReason): void;
  consumed(topic: string, records: number): void;
}

/**
 * The source: hands fetched records to the topology one at a time, each through the whole graph before the next, and
 * keeps what is under way within bounds. Partitions take turns. It never waits: at a bound it returns and goes on
 * when something settles.
 */
export class Dispatcher {
  /** What happens to deliveries, for `commitInOrder`; one subscriber. */
  readonly events$ = new Observable<DeliveryEvent>(subscriber => {
    this.#events = subscriber;
  });
  #events: Subscriber<DeliveryEvent> | undefined;
  readonly #lanes = new Lanes();
  readonly #ports: DispatcherPorts;
  /** Partitions with records to hand out; held: those at their span. One that nobody wants is not among them. */
  readonly #turns = new Turns<PartitionLane>();
  readonly #intake: Intake;
  /** Batches that are prepared and will be queued. */
  #preparing = 0;
  #unsettled = 0;
  #handedOut = 0;
  /** The clock's time as of the last look. */
  #now = 0;
  #pinnedBytes = 0;
  #dispatching = false;
  #current: Delivery | undefined;
  #scheduled = false;
  #halted = false;
  #idleTimer: Timer | undefined;
  #waiters: (() => void)[] = [];

  constructor(ports: DispatcherPorts) {
    this.#ports = ports;
    this.#intake = new Intake({
      bounds: ports.bounds,
      lanes: () => this.#lanes.all,
      pause: partitions => ports.pause(partitions),
      resume: partitions => ports.resume(partitions),
    });
  }

  get lanes(): readonly PartitionLane[] {
    return this.#lanes.all;
  }

  get unsettled(): number {
    return this.#unsettled;
  }

  /** Records handed out since the beginning. */
  get handedOut(): number {
    return this.#handedOut;
  }

  get pinnedBytes(): number {
    return this.#pinnedBytes;
  }

  /** The delivery that the topology is being handed right now. */
  get dispatching(): Delivery | undefined {
    return this.#current;
  }

  /** Replaces the assignment: every lane's epoch ends, kept partition or not, and new ones begin. */
  assign(partitions: readonly AssignedPartition[]): void {
    this.#end(this.#lanes.all);
    const { host, clock } = this.#ports;
    const lanes = partitions.map(partition => {
      const views = this.#ports.viewsOf(partition.topic);
      return new PartitionLane(partition, this.#lanes.slotOf(partition), host, views, this);
    });
    for (const lane of lanes) lane.watermarkMovedAt = clock.elapsed();
    this.#lanes.add(lanes);
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
    lane.endOffset = batch.endOffset;
    // It counts from now on, also while it is prepared.
    this.#intake.received(lane, batch.bytes);
    if (lane.preparation === undefined) this.#queue(lane, batch);
    else this.#prepare(lane, lane.preparation, batch);
  }

  #prepare(lane: PartitionLane, preparation: BatchPreparation, batch: FetchedBatch): void {
    this.#preparing++;
    preparation
      .prepare(batch)
      .finally(() => {
        this.#preparing--;
      })
      .then(
        ready => this.#queue(lane, ready),
        error => this.#ports.host.fail(error),
      );
  }

  #queue(lane: PartitionLane, batch: FetchedBatch): void {
    if (lane.draining) return;
    lane.batches.push(batch);
    this.#offer(lane);
    if (!this.#scheduled) this.#dispatch();
  }

  /** A watermark moved; a partition held up by its span may go on. */
  advanced({ slot, epoch, offset, settled }: CommitPoint): void {
    const lane = this.#lanes.at(slot);
    if (lane === undefined || lane.epoch !== epoch) return;
    const wasFull = lane.span >= this.#ports.bounds.maxSpan;
    lane.belowWatermark = settled;
    lane.watermark = offset;
    // One look at the clock for all that settles in one burst: from its first on, a dispatch is scheduled.
    if (!this.#dispatching && !this.#scheduled) this.#now = this.#ports.clock.elapsed();
    lane.watermarkMovedAt = this.#now;
    if (!wasFull) return;
    this.#turns.release(lane);
    this.#offer(lane);
    this.wake();
  }

  /** A view gained or lost a subscriber: what nobody wanted may be wanted now. */
  subscribersChanged(): void {
    for (const lane of this.#lanes.all) {
      lane.subscribersChanged();
      this.#offer(lane);
    }
    this.wake();
  }

  /** Looks for work again, soon. */
  wake(): void {
    if (this.#scheduled || this.#halted) return;
    this.#scheduled = true;
    this.#ports.clock.defer(() => {
      this.#scheduled = false;
      this.#dispatch();
    });
  }

  /** Hands out nothing more, ever. The delivery under way, if any, stays open. */
  halt(): void {
    this.#halted = true;
    this.#idleTimer?.cancel();
    this.#checkWaiters();
  }

  /** Stops handing out of these partitions and resolves when nothing of them is pending but what a failure holds. */
  async drain(partitions: readonly AssignedPartition[], reason: FlushReason): Promise<void> {
    const lanes = this.#lanes.during(partitions);
    for (const lane of lanes) {
      lane.draining = true;
      this.#discard(lane);
    }
    this.#ports.flush(reason);
    while (lanes.some(lane => !lane.ended && !lane.quiet)) {
      await this.#somethingSettled();
      // An operator may have emitted into another that gathers.
      this.#ports.flush(reason);
    }
  }

  settled(lane: PartitionLane, delivery: Delivery): void {
    if (lane.ended) {
      this.#ports.host.dropped('stale-epoch', 1);
      return;
    }
    this.#unsettled--;
    lane.unsettled--;
    this.#unpin(lane, delivery.pin);
    this.#events?.next(delivery);
    if (this.#waiters.length > 0) this.#checkWaiters();
    if (!this.#dispatching && !this.#scheduled) this.wake();
  }

  #pin(lane: PartitionLane, batch: FetchedBatch): BatchPin {
    const { bytes } = batch;
    lane.pinnedBytes += bytes;
    this.#pinnedBytes += bytes;
    // Its own count of one keeps it until the last record was handed out.
    return { bytes, open: 1, batch: this.#ports.keepsBatches ? batch : undefined };
  }

  #unpin(lane: PartitionLane, pin: BatchPin): void {
    if (--pin.open > 0) return;
    lane.pinnedBytes -= pin.bytes;
    this.#pinnedBytes -= pin.bytes;
  }

  #end(lanes: readonly PartitionLane[]): void {
    this.#lanes.remove(lanes);
    for (const lane of lanes) {
      // What never settles (aborted work) must not count against the bounds for ever.
      this.#unsettled -= lane.unsettled;
      this.#pinnedBytes -= lane.pinnedBytes;
      lane.end();
      this.#discard(lane);
      this.#turns.release(lane);
      this.#events?.next({ kind: 'revoked', lane });
    }
    this.#checkWaiters();
  }

  /** Forgets what was fetched and not handed out; it will be fetched again by whoever owns the partition next. */
  #discard(lane: PartitionLane): void {
    lane.discardQueue();
    this.#intake.discarded(lane);
  }

  /** Resolves when something settled, or after a while. */
  #somethingSettled(): Promise<void> {
    return new Promise(resolve => {
      const { clock, pace } = this.#ports;
      const timer = clock.schedule(resolve, pace.flushMs);
      this.#waiters.push(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  #checkWaiters(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  #dispatch(): void {
    if (this.#dispatching || this.#halted) return;
    this.#dispatching = true;
    this.#idleTimer?.cancel();
    this.#idleTimer = undefined;
    try {
      const { clock, pace } = this.#ports;
      this.#now = clock.elapsed();
      const until = this.#now + pace.turnMs;
      for (let lane = this.#nextLane(); lane !== undefined; lane = this.#nextLane()) {
        // An outage longer than the session, or a process that was stopped: `wake` or the end of the epochs follows.
        if (this.#now >= this.#ports.confirmedUntil()) return;
        if (this.#atBound() && !this.#relieved()) {
          this.#flushAfter(pace.flushMs, 'bound');
          return;
        }
        // Only now: were a turn that a bound took away gone, every second partition would never get one.
        this.#turns.take();
        try {
          this.#dispatchTurn(lane);
        } finally {
          this.#offer(lane);
        }
        if (this.#halted) return;
        this.#now = clock.elapsed();
        if (this.#now >= until) {
          this.wake();
          return;
        }
      }
      if (this.#preparing === 0) this.#intake.starved();
      // Partitions that wait for their span are at a bound; all else has nothing to hand out.
      if (this.#turns.holding) this.#flushAfter(pace.flushMs, 'bound');
      else this.#flushAfter(pace.idleMs, 'idle');
    } finally {
      this.#dispatching = false;
    }
  }

  /** The next partition, in turn, that has a record to hand out and somebody to take it. */
  #nextLane(): PartitionLane | undefined {
    for (let lane = this.#turns.next; lane !== undefined; lane = this.#turns.next) {
      if (!lane.hasWork || !lane.wanted) this.#turns.take();
      else if (lane.span >= this.#ports.bounds.maxSpan) {
        // First: what the flush makes settle releases it.
        this.#turns.hold();
        this.#ports.flush('bound');
      } else return lane;
    }
    return undefined;
  }

  /** For a turn, if it has records to hand out and somebody to take them. */
  #offer(lane: PartitionLane): void {
    if (lane.hasWork && lane.wanted) this.#turns.offer(lane);
  }

  #dispatchTurn(lane: PartitionLane): void {
    const { pace, clock, bounds } = this.#ports;
    const until = this.#now + pace.turnMs;
    // Nothing held the watermark until now, however long ago it moved.
    if (lane.unsettled === 0) lane.watermarkMovedAt = this.#now;
    let records = 0;
    while (records < pace.turnRecords && lane.span < bounds.maxSpan && !lane.draining && lane.wanted) {
      if (!this.#dispatchOne(lane)) break;
      records++;
      if (this.#halted || this.#atBound()) break;
      if ((records & 31) === 0 && clock.elapsed() >= until) break;
    }
    if (records > 0) this.#ports.consumed(lane.topic, records);
  }

  /** Hands out one record; false when the partition has none. */
  #dispatchOne(lane: PartitionLane): boolean {
    let current = lane.current;
    if (current === undefined) {
      const batch = lane.batches.shift();
      if (batch === undefined) return false;
      current = { batch, pin: this.#pin(lane, batch) };
      lane.current = current;
    }
    const { batch, pin } = current;
    const record = batch.next();
    if (record === undefined) {
      this.#finishBatch(lane, batch);
      this.#unpin(lane, pin);
      return lane.batches.length > 0 ? this.#dispatchOne(lane) : false;
    }
    lane.position = record.offset + 1;
    // Until the first commit point, the group stands at the first record.
    if (lane.watermark < 0) lane.watermark = record.offset;
    const delivery = new Delivery(lane, lane.opened++, record.offset, pin);
    pin.open++;
    lane.unsettled++;
    this.#unsettled++;
    this.#handedOut++;
    this.#current = delivery;
    if (record.headers.length > 0) this.#admit(lane, record, delivery);
    else for (const view of lane.views) view.deliver(record, delivery);
    this.#current = undefined;
    delivery.closeWindow();
    // A sink that failed meanwhile must find the offset uncommitted: the source keeps its lease.
    if (this.#halted) delivery.hold();
    else delivery.release();
    return true;
  }

  /** Hands out a record with headers: without those that are ours alone, and to nobody where it is for another app. */
  #admit(lane: PartitionLane, record: SourceRecord, delivery: Delivery): void {
    const { headers, passing } = this.#ports.admit(record.headers);
    if (passing === 'all') {
      this.#ports.host.dropped('other-branch', 1);
      return;
    }
    delivery.directed = passing;
    const admitted = headers === record.headers ? record : { ...record, headers };
    for (const view of lane.views) view.deliver(view.deadLetters ? record : admitted, delivery);
  }

  #finishBatch(lane: PartitionLane, batch: FetchedBatch): void {
    lane.current = undefined;
    this.#intake.handedOut(lane, batch.bytes);
    if (batch.nextOffset > lane.position) {
      lane.position = batch.nextOffset;
      this.#events?.next({ kind: 'advanced', lane, sequence: lane.opened++, offset: batch.nextOffset });
    }
  }

  #atBound(): boolean {
    const { bounds } = this.#ports;
    // With nothing unsettled there is nothing to wait for, whatever the sizes: one huge batch must pass.
    return (
      this.#unsettled > 0 &&
      (this.#unsettled >= bounds.maxUnsettled ||
        this.#pinnedBytes >= bounds.maxUnsettledBytes ||
        this.#ports.bufferedBytes() >= bounds.maxBufferedBytes)
    );
  }

  /** At a bound: whoever gathers records must let go, or nothing would ever settle. */
  #relieved(): boolean {
    this.#ports.flush('bound');
    return !this.#atBound();
  }

  /** Gathered records move on, every so often until all is settled or there is something to hand out. */
  #flushAfter(ms: number, reason: FlushReason): void {
    if (this.#unsettled === 0 || this.#halted) return;
    this.#idleTimer = this.#ports.clock.schedule(() => {
      this.#ports.flush(reason);
      this.#flushAfter(ms, reason);
    }, ms);
  }
}
