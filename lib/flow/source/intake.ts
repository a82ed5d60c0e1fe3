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

/**
 * Keeps what was fetched and waits for its turn within bounds: a partition is paused above its own, all of them above the common
 * one, and they go on below half of the first and a quarter of the second. With the first alone, a backlog in a thousand partitions would lie in memory at once.
 */
export class Intake {
  readonly #parts: IntakeParts;
  #queuedBytes = 0;
  /** Of these, what could not be handed out when nothing else waited: nobody wants it, or its partition is held up. */
  #stuckBytes = 0;
  #full = false;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** A batch has come. */
  received(lane: PartitionLane, bytes: number): void {
    const { bounds, lanes } = this.#parts;
    lane.queuedBytes += bytes;
    this.#queuedBytes += bytes;
    if (this.#full) return;
    this.#full = this.#waiting > bounds.maxQueuedBytes;
    if (this.#full) this.#pause(lanes.all);
    else if (lane.queuedBytes > bounds.maxQueuedBytesPerPartition) this.#pause([lane]);
  }

  /** A batch was handed out to its end. */
  handedOut(lane: PartitionLane, bytes: number): void {
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
  }

  get #waiting(): number {
    return this.#queuedBytes - this.#stuckBytes;
  }

  #forget(bytes: number): void {
    this.#queuedBytes -= bytes;
    this.#stuckBytes = Math.min(this.#stuckBytes, this.#queuedBytes);
    this.#makeRoom();
  }

  #makeRoom(): void {
    if (!this.#full || this.#waiting >= this.#parts.bounds.maxQueuedBytes * resumeShare) return;
    this.#full = false;
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
      if (!lane.pausedAtDriver || lane.draining || lane.queuedBytes >= below) continue;
      lane.pausedAtDriver = false;
      paused.push(lane);
    }
    if (paused.length > 0) this.#parts.consumer.resume(paused);
  }
}
