import type { DriverConsumer } from '../../drivers/port.js';
import type { IntakeBounds } from './bounds.js';
import type { Lanes } from './lanes.js';
import type { PartitionLane } from './partition-lane.js';

export interface IntakeParts {
  readonly bounds: IntakeBounds;
  /** Those of the assignment. */
  readonly lanes: Lanes;
  /** The driver, as far as it can be told to bring nothing more for a while. */
  readonly consumer: Pick<DriverConsumer, 'pause' | 'resume'>;
}

/** Of the common bound: to pause and resume a thousand partitions costs as much as to hand out a few hundred records. */
const resumeShare = 0.25;

/** Bytes that a batch takes in memory beside what it holds: one that only says where the log goes on is not free. */
const batchOverheadBytes = 512;

/**
 * Keeps what was fetched and waits for its turn within bounds: a partition is paused above its own, all of them above the common
 * one, and they go on below half of the first and a quarter of the second. With the first alone, a backlog in a thousand partitions would lie in memory at once.
 *
 * What is stuck (its partition is at its span, or nobody hears it) must not keep others from being fetched, so that these
 * go on as soon as nothing else waits; but it is not fetched itself, and it goes on counting. Where it fills the bound
 * alone, the others are fetched batch by batch: then at most one more of each is added, which in flight is bounded by bytes too.
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

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** A batch has come. */
  received(lane: PartitionLane, batchBytes: number): void {
    const { bounds, lanes } = this.#parts;
    const bytes = batchBytes + batchOverheadBytes;
    lane.queuedBytes += bytes;
    this.#queuedBytes += bytes;
    if (this.#full && !this.#trickling) return;
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
  }

  /** What waited of it is thrown away. */
  discarded(lane: PartitionLane): void {
    const bytes = lane.queuedBytes;
    lane.queuedBytes = 0;
    this.#forget(bytes);
  }

  /** Nothing of what waits can be handed out: it must not keep other partitions from being fetched. */
  starved(): void {
    this.#stuckBytes = this.#queuedBytes;
    this.#makeRoom();
    if (!this.#full || this.#trickling) return;
    this.#trickling = true;
    this.#resume(this.#parts.lanes.all);
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
    this.#resume(this.#parts.lanes.all);
  }

  #pause(lanes: readonly PartitionLane[]): void {
    const fetched: PartitionLane[] = [];
    for (const lane of lanes) {
      if (lane.pausedAtDriver || lane.draining) continue;
      lane.pausedAtDriver = true;
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
