import type { Clock } from '../../base/clock.js';
import type { AssignedPartition, DriverConsumer, FetchedBatch } from '../../drivers/port.js';
import type { Headers } from '../../record/headers.js';
import type { TaskCommit } from '../commit/task-commit.js';
import type { Delivery, DeliveryHost, FlushReason } from '../leases/delivery.js';
import { InputOrder } from '../tasks/input-order.js';
import type { Admission } from './admission.js';
import type { Bounds } from './bounds.js';
import { Draining, type Flusher } from './draining.js';
import { FlushTimer } from './flush-timer.js';
import { HandOut } from './hand-out.js';
import type { InFlight } from './in-flight.js';
import { Intake } from './intake.js';
import { JobTurns } from './job-turns.js';
import type { Lanes } from './lanes.js';
import type { Pace } from './pace.js';
import { type LaneOwner, PartitionLane, type Task } from './partition-lane.js';
import { Preparations } from './preparations.js';
import { TaskOf } from './task.js';
import type { TaskNames } from './task-names.js';
import { TaskTurn } from './task-turn.js';
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
  /** Whoever commits what has settled. */
  readonly commit: Pick<TaskCommit, 'moved' | 'handedOut' | 'forget'>;
  /** Whether batches are kept until their records are settled, so that these can be had again. */
  readonly keepsBatches: boolean;
  /** The driver's consumer, as far as the source steers it. */
  readonly consumer: Pick<DriverConsumer, 'confirmedUntil' | 'pause' | 'resume'>;
  readonly views: { of(topic: string): readonly TopicView[] };
  /** Which partitions are handed out and committed together. */
  readonly tasks: Pick<TaskNames, 'of' | 'commitsByUnits'>;
  /** How long a task waits for an input that is at its end. @see AppOptions.maxTaskIdleMs */
  readonly maxTaskIdleMs: () => number;
  /** Which topic a batch is of; asked once an epoch. */
  originOf(batch: FetchedBatch): string;
  /** What the headers of a record say, and what is left of them for the topology. */
  admit(headers: Headers): Admission;
  consumed(topic: string, records: number): void;
}

/**
 * The source: hands fetched records to the topology one at a time, each through the whole graph before the next, and
 * keeps what is under way within bounds. Tasks take turns: partitions, or several that go together. It never waits: at a bound it returns and goes on
 * when something settles.
 *
 * 1. A batch is taken in (`Intake`: what waits is bounded), prepared where a codec asks for it, and queued in its lane.
 * 2. Its task is offered a turn (`Turns`); at its span it is blocked until its watermark moves.
 * 3. In its turn it hands out records one by one (`HandOut`), until it has none, its turn is over or a bound is reached.
 * 4. At a bound and when idle, lease holders are told to flush (`FlushTimer`).
 * 5. What settles, in any order, settles in its lane's watermark; when that moves, whoever commits is told. It wakes the source.
 */
export class Dispatcher implements LaneOwner {
  readonly #parts: DispatcherParts;
  readonly #lanes: Lanes;
  /** Tasks with records to hand out; blocked: those at their span. One that nobody wants, or that waits, is not among them. */
  readonly #turns = new Turns<Task>();
  readonly #inFlight: InFlight;
  readonly #commit: DispatcherParts['commit'];
  readonly #intake: Intake;
  readonly #handOut: HandOut;
  readonly #order: InputOrder;
  readonly #turn: TaskTurn;
  readonly #jobs: JobTurns;
  readonly #draining: Draining;
  readonly #flushTimer: FlushTimer;
  readonly #preparations: Preparations;
  /** The clock's time as of the last look. */
  #now = 0;
  #dispatching = false;
  #scheduled = false;

  constructor(parts: DispatcherParts) {
    const { clock, host: flusher, bounds, pace, lanes, inFlight, commit, consumer, keepsBatches } = parts;
    this.#parts = parts;
    this.#lanes = lanes;
    this.#inFlight = inFlight;
    this.#commit = commit;
    this.#intake = new Intake({ clock, bounds, lanes, consumer, wake: () => this.wake() });
    this.#handOut = new HandOut({
      ...{ inFlight, intake: this.#intake, endedBranches: lanes.endedBranches, keepsBatches },
      admit: parts.admit,
      passed: (lane, sequence, offset) => this.#passed(lane, sequence, offset),
    });
    this.#order = new InputOrder({
      clock,
      maxIdleMs: parts.maxTaskIdleMs,
      handOut: this.#handOut,
      intake: this.#intake,
      goesOn: task => {
        this.#offer(task);
        if (!this.#dispatching) this.wake();
      },
    });
    this.#turn = new TaskTurn({
      ...{ clock, pace, bounds, inFlight, commit, handOut: this.#handOut, order: this.#order },
      consumed: parts.consumed,
    });
    this.#jobs = new JobTurns({
      ...{ clock, pace, inFlight, handOut: this.#handOut, commit },
      flush: () => flusher.flush('bound'),
      wake: () => this.wake(),
      done: task => this.#offer(task),
    });
    this.#preparations = new Preparations(parts.slow, (lane, batch) => this.#queue(lane, batch));
    this.#draining = new Draining({ clock, flusher, flushMs: pace.flushMs });
    this.#flushTimer = new FlushTimer({ clock, flusher, inFlight });
  }

  /** Replaces the assignment: every lane's epoch ends, kept partition or not, and new ones begin. */
  assign(partitions: readonly AssignedPartition[]): void {
    this.#end(this.#lanes.all);
    this.#add(partitions);
  }

  #add(partitions: readonly AssignedPartition[]): void {
    const { host, clock, views, tasks: names } = this.#parts;
    const tasks = new Map<string, Task>();
    const lanes = partitions.map(partition => {
      const name = names.of(partition);
      const task = tasks.get(name) ?? new TaskOf<PartitionLane>(name, names.commitsByUnits(partition.topic));
      if (!tasks.has(name)) this.#jobs.serve(task);
      tasks.set(name, task);
      const slot = this.#lanes.slotOf(partition);
      const lane = new PartitionLane(partition, slot, host, views.of(partition.topic), this, task);
      lane.orderSlot = this.#lanes.slotOfTask(name);
      return lane;
    });
    for (const lane of lanes) lane.watermarkMovedAt = clock.elapsed();
    this.#lanes.add(lanes);
  }

  /** Ends what these partitions had, and begins them in these epochs; the others go on. */
  restart(partitions: readonly AssignedPartition[]): void {
    this.#end(partitions.map(partition => this.#lanes.of(partition)).filter(lane => lane !== undefined));
    this.#add(partitions);
    this.wake();
  }

  /** At its barrier: resolves when nothing of it is pending but what a failure holds. */
  quiet(task: Task): Promise<void> {
    this.#jobs.look(task);
    return this.#draining.quiet(task.inputs, 'commit');
  }

  /** It may hand out again. */
  goOn(task: Task): void {
    this.#offer(task);
    this.#jobs.look(task);
    this.wake();
  }

  /** Ends these epochs now: what is pending of them is dropped and counted when it arrives, and what waits is not committed. */
  lose(partitions: readonly AssignedPartition[]): void {
    this.#end(this.#lanes.during(partitions));
    // What they had under way may have been what held the others up.
    this.wake();
  }

  accept(batch: FetchedBatch): void {
    const lane = this.#lanes.at(batch);
    if (lane === undefined || lane.draining) return;
    // By the first of the epoch: nothing was handed out before.
    if (!lane.originKnown) this.#lanes.begins(lane, this.#parts.originOf(batch));
    lane.endOffset = batch.endOffset;
    lane.atEnd = false;
    if (lane.backlogEnd < 0) lane.backlogEnd = batch.endOffset;
    this.#order.lookAgain(lane.task);
    // It counts from now on, also while it is prepared.
    this.#intake.received(lane, batch.bytes);
    if (lane.preparation === undefined) this.#queue(lane, batch);
    else this.#preparations.begin(lane, lane.preparation, batch);
  }

  /** @see ConsumerListener.caughtUp */
  caughtUp(partition: AssignedPartition): void {
    const lane = this.#lanes.at(partition);
    if (lane === undefined || lane.draining) return;
    lane.atEnd = true;
    // Batches without records begin nothing anew.
    if (lane.endSince < 0) lane.endSince = this.#parts.clock.elapsed();
    this.#intake.atEnd(lane);
    this.#order.lookAgain(lane.task);
    this.#jobs.look(lane.task);
    // It may have been the last that others waited for.
    if (lane.task.filled) this.goOn(lane.task);
  }

  #queue(lane: PartitionLane, batch: FetchedBatch): void {
    if (lane.draining) return;
    lane.batches.push(batch);
    this.#order.lookAgain(lane.task);
    this.#offer(lane.task);
    if (!this.#scheduled) this.#dispatch();
  }

  /** A view gained or lost a subscriber: what nobody wanted may be wanted now. */
  subscribersChanged(): void {
    for (const lane of this.#lanes.all) {
      lane.subscribersChanged();
      this.#order.lookAgain(lane.task);
      this.#offer(lane.task);
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
    // What they have not done must find its offset uncommitted.
    for (const { task } of this.#lanes.all) task.jobs.drop(true);
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
      this.#order.lookAgain(lane.task);
      this.#jobs.look(lane.task);
    }
    return this.#draining.quiet(lanes, reason);
  }

  settled(lane: PartitionLane, delivery: Delivery): void {
    if (lane.ended) {
      lane.host.dropped('stale-epoch', 1);
      return;
    }
    const before = lane.watermark.settled;
    this.#passed(lane, delivery.sequence, delivery.offset + 1);
    // A sink that is not ours may release too often.
    if (lane.watermark.settled === before) return;
    this.#inFlight.settled(lane, delivery.pin);
    this.#draining.lookAgain(lane);
    if (lane.task.turn === 'blocked') this.#unblock(lane.task);
    if (!this.#dispatching && !this.#scheduled) this.wake();
  }

  /** This number of the lane is done with; where its watermark moved, that may be committed. */
  #passed(lane: PartitionLane, sequence: number, offset: number): void {
    if (!lane.watermark.settle(sequence, offset)) return;
    // One look at the clock for all that settles in one burst: from its first on, a dispatch is scheduled.
    if (!this.#dispatching && !this.#scheduled) this.#now = this.#parts.clock.elapsed();
    lane.watermarkMovedAt = this.#now;
    this.#commit.moved(lane);
  }

  /** Where it is below its bounds again. */
  #unblock(task: Task): void {
    if (this.#turn.isFull(task)) return;
    this.#turns.unblock(task);
    this.#offer(task);
    this.wake();
  }

  #end(lanes: readonly PartitionLane[]): void {
    this.#lanes.remove(lanes);
    for (const lane of lanes) {
      this.#inFlight.forget(lane);
      lane.end();
      lane.task.jobs.drop(false);
      this.#discard(lane);
      // What remains of its task goes on without it.
      this.#turns.unblock(lane.task);
      this.#order.lookAgain(lane.task);
      this.#offer(lane.task);
      this.#commit.forget(lane);
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
      if (this.#now < this.#parts.consumer.confirmedUntil) this.#jobs.run();
      if (this.#handOut.halted) return;
      this.#now = clock.elapsed();
      const until = this.#now + pace.turnMs;
      for (let task = this.#nextTask(); task !== undefined; task = this.#nextTask()) {
        // An outage longer than the session, or a process that was stopped: `wake` or the end of the epochs follows.
        if (this.#now >= this.#parts.consumer.confirmedUntil) return;
        if (this.#inFlight.atBound && !this.#relieved()) {
          this.#flushTimer.every(pace.flushMs, 'bound');
          return;
        }
        // Only now: were a turn that a bound took away gone, every second partition would never get one.
        this.#turns.take();
        try {
          this.#turn.take(task, this.#now);
        } finally {
          this.#offer(task);
          if (task.jobs.anyWaiting) this.#jobs.look(task);
        }
        if (this.#handOut.halted) return;
        this.#now = clock.elapsed();
        if (this.#now >= until) {
          this.wake();
          return;
        }
      }
      if (!this.#preparations.any && !this.#anyAtBarrier() && !this.#jobs.anyAwake) this.#intake.starved();
      // Partitions that are blocked at their span are at a bound; all else has nothing to hand out.
      if (this.#turns.anyBlocked) this.#flushTimer.every(pace.flushMs, 'bound');
      else this.#flushTimer.every(pace.idleMs, 'idle');
    } finally {
      this.#dispatching = false;
    }
  }

  /** The next task, in turn, that has a record to hand out and somebody to take it. */
  #nextTask(): Task | undefined {
    for (let task = this.#turns.next; task !== undefined; task = this.#turns.next) {
      if (!task.mayHandOut) this.#turns.take();
      else if (this.#turn.isFull(task)) {
        // First: what the flush makes settle lets it go on.
        this.#turns.block();
        this.#parts.host.flush('bound');
      } else return task;
    }
    return undefined;
  }

  /** For a turn, if it has records to hand out and somebody to take them. */
  #offer(task: Task): void {
    if (task.mayHandOut) this.#turns.offer(task);
  }

  /** What waits of some task is handed out without another fetch, as soon as it has come to its barrier. */
  #anyAtBarrier(): boolean {
    if (this.#intake.isEmpty) return false;
    return this.#lanes.all.some(({ atBarrier, abandoned, hasWork }) => atBarrier && hasWork && !abandoned);
  }

  /** At a bound: whoever gathers records must flush, or nothing would ever settle. */
  #relieved(): boolean {
    this.#parts.host.flush('bound');
    return !this.#inFlight.atBound;
  }
}
