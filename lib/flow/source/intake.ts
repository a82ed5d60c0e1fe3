import type { Clock, Timer } from '../../base/clock.js';
import type { DriverConsumer } from '../../drivers/port.js';
import type { IntakeBounds } from './bounds.js';
import type { Lanes } from './lanes.js';
import type { PartitionLane } from './partition-lane.js';

export interface IntakeParts {
  readonly clock: Pick<Clock, 'schedule'>;
  readonly bounds: IntakeBounds;
  /** Those of the assignment. */
  readonly lanes: Lanes;
  /** The driver, as far as it can be told to bring nothing more for a while. */
  readonly consumer: Pick<DriverConsumer, 'pause' | 'resume'>;
  /** Has the source look whether it can go on. */
  wake(): void;
}

/** Of the common bound: to pause and resume a thousand partitions costs as much as to hand out a few hundred records. */
const resumeShare = 0.25;

/** Bytes that a batch takes in memory beside what it holds: one that only says where the log goes on is not free. */
const batchOverheadBytes = 512;

/** So many common bounds may lie in memory for tasks that wait in turn; above that, only who has most goes on. */
const boundsInTurn = 2;

/** Milliseconds after which nobody waits for the answer of a fetch any more: some fetches' longest waits for records. */
const answerMs = 2_000;

/**
 * Keeps what was fetched and waits for its turn within bounds: a partition is paused above its own, all of them above the common
 * one, and they go on below half of the first and a quarter of the second. With the first alone, a backlog in a thousand partitions would lie in memory at once.
 *
 * What is stuck (its partition is at its span, or nobody hears it) must not keep others from being fetched, so that these
 * go on as soon as nothing else waits; but it is not fetched itself, and it goes on counting. Where it fills the bound
 * alone, the others are fetched batch by batch: then at most one more of each is added, which in flight is bounded by bytes too.
 *
 * An input that its task waits for, with records of others in hand, has to be fetched above the common bound, or both would wait for ever. One
 * such batch is there at a time: the next is fetched when that was handed out, or when nothing can be. They take turns; but each may leave
 * records behind that come later than what its task waits for then. So above twice the bound the task is next that has most in hand: what it
 * hands out makes room.
 */
export class Intake {
  readonly #parts: IntakeParts;
  #queuedBytes = 0;
  /** Of these, what could not be handed out when nothing else waited. */
  #stuckBytes = 0;
  /** Above the common bound, and since then: all are paused. */
  #full = false;
  /** Full, but what is not stuck goes on until the next batch comes. */
  #trickling = false;
  /** The input that was fetched last because its task waits for it; undefined: what came of it was handed out. */
  #granted: PartitionLane | undefined;
  /** Until it is answered. */
  #answer: Timer | undefined;
  #grants = 0;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** Nothing that was fetched waits. */
  get isEmpty(): boolean {
    return this.#queuedBytes === 0;
  }

  /** A batch has come. */
  received(lane: PartitionLane, batchBytes: number): void {
    const { bounds, lanes } = this.#parts;
    const bytes = batchBytes + batchOverheadBytes;
    lane.queuedBytes += bytes;
    this.#queuedBytes += bytes;
    this.#answered(lane);
    if (this.#full && !this.#trickling) {
      this.#pause([lane]);
      return;
    }
    this.#full = this.#queuedBytes > bounds.maxQueuedBytes;
    this.#trickling = false;
    if (this.#full) this.#pause(lanes.all);
    else if (lane.queuedBytes > bounds.maxQueuedBytesPerPartition) this.#pause([lane]);
  }

  /** A batch was handed out to its end. */
  handedOut(lane: PartitionLane, batchBytes: number): void {
    const bytes = batchBytes + batchOverheadBytes;
    lane.queuedBytes -= bytes;
    this.#forget(bytes);
    if (!this.#full) this.#resume([lane]);
    else if (this.#granted === lane && lane.queuedBytes === 0) this.#grant();
  }

  /** Nothing more is there of it now. */
  atEnd(lane: PartitionLane): void {
    if (this.#answered(lane)) this.#grant();
  }

  /** What waited of it is thrown away. */
  discarded(lane: PartitionLane): void {
    const bytes = lane.queuedBytes;
    lane.queuedBytes = 0;
    this.#forget(bytes);
    this.#answered(lane);
    if (this.#granted === lane) this.#grant();
  }

  /** Nothing of what waits can be handed out: it must not keep other partitions from being fetched. */
  starved(): void {
    this.#stuckBytes = this.#queuedBytes;
    this.#makeRoom();
    if (!this.#full) return;
    if (this.#answer === undefined) this.#grant();
    // With what comes of it, a task of several inputs may have to wait as well: where nobody else's answer is to come first.
    const forAll = this.#isInTurn || this.#granted === undefined || this.#granted.unanswered;
    this.#trickling = true;
    // Each time: who waited, or was left out, may be free to be fetched by now, and no batch need come of anybody else.
    const lanes = this.#parts.lanes.all.filter(({ task }) => task.wait === undefined);
    this.#resume(forAll ? lanes : lanes.filter(({ task }) => task.only !== undefined));
  }

  /** A task has begun to wait for an input, with records of others in hand. */
  awaited(): void {
    if (this.#full && this.#granted === undefined) this.#grant();
  }

  /** Partitions that nobody heard may be heard now. */
  heardAgain(): void {
    if (!this.#full) this.#resume(this.#parts.lanes.all);
  }

  #forget(bytes: number): void {
    this.#queuedBytes -= bytes;
    this.#stuckBytes = Math.min(this.#stuckBytes, this.#queuedBytes);
    this.#makeRoom();
  }

  #makeRoom(): void {
    if (!this.#full) return;
    const room = this.#parts.bounds.maxQueuedBytes - this.#stuckBytes;
    if (this.#queuedBytes - this.#stuckBytes >= room * resumeShare) return;
    this.#full = false;
    this.#trickling = false;
    this.#revoke();
    this.#resume(this.#parts.lanes.all);
  }

  get #isInTurn(): boolean {
    return this.#queuedBytes < this.#parts.bounds.maxQueuedBytes * boundsInTurn;
  }

  /** Has the next of those fetched that tasks wait for. */
  #grant(): void {
    this.#revoke();
    const lane = this.#nextAwaited();
    if (!this.#full || lane === undefined) return;
    const { clock, consumer } = this.#parts;
    this.#granted = lane;
    lane.grant = ++this.#grants;
    this.#answer = clock.schedule(() => this.#unanswered(lane), answerMs);
    lane.pausedAtDriver = false;
    consumer.resume([lane]);
  }

  /** A broker that does not answer keeps nobody else from being fetched. */
  #unanswered(lane: PartitionLane): void {
    this.#revoke();
    lane.unanswered = true;
    this.#pause([lane]);
    this.#parts.wake();
  }

  #revoke(): void {
    this.#granted = undefined;
    this.#answer?.cancel();
    this.#answer = undefined;
  }

  /** @returns whether that was waited for */
  #answered(lane: PartitionLane): boolean {
    lane.unanswered = false;
    if (!this.#isAsked(lane)) return false;
    this.#answer?.cancel();
    this.#answer = undefined;
    return true;
  }

  #nextAwaited(): PartitionLane | undefined {
    const inTurn = this.#isInTurn;
    let next: PartitionLane | undefined;
    let most = Number.NEGATIVE_INFINITY;
    for (const lane of this.#parts.lanes.all) {
      const { wait, inputs } = lane.task;
      // What a codec prepares of it has come already.
      if (wait?.input !== lane || !lane.pausedAtDriver || lane.draining || lane.preparing > 0) continue;
      const rank =
        inTurn || lane.unanswered
          ? -lane.grant
          : inputs.reduce((sum, { queuedBytes }) => sum + queuedBytes, 0);
      if (rank <= most) continue;
      next = lane;
      most = rank;
    }
    return next;
  }

  #isAsked(lane: PartitionLane): boolean {
    return this.#granted === lane && this.#answer !== undefined;
  }

  #pause(lanes: readonly PartitionLane[]): void {
    const fetched: PartitionLane[] = [];
    for (const lane of lanes) {
      if (lane.pausedAtDriver || lane.draining || this.#isAsked(lane)) continue;
      lane.pausedAtDriver = true;
      // Nobody is told of it while it is paused.
      lane.atEnd = false;
      fetched.push(lane);
    }
    if (fetched.length > 0) this.#parts.consumer.pause(fetched);
  }

  #resume(lanes: readonly PartitionLane[]): void {
    const below = this.#parts.bounds.maxQueuedBytesPerPartition / 2;
    const paused: PartitionLane[] = [];
    for (const lane of lanes) {
      if (!lane.pausedAtDriver || lane.draining || lane.stuck || lane.queuedBytes >= below) continue;
      lane.pausedAtDriver = false;
      paused.push(lane);
    }
    if (paused.length > 0) this.#parts.consumer.resume(paused);
  }
}
