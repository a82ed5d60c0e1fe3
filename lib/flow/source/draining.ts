import type { Clock } from '../../base/clock.js';
import type { FlushReason } from '../leases/delivery.js';
import type { PartitionLane } from './partition-lane.js';

/** Whoever can have lease holders flush what they gather. */
export interface Flusher {
  flush(reason: FlushReason): void;
}

export interface DrainingParts {
  readonly clock: Clock;
  readonly flusher: Flusher;
  /** Milliseconds between reminders to flush. */
  readonly flushMs: number;
}

/** Waits until nothing of some partitions is pending, and sees to it that what is gathered moves on. */
export class Draining {
  readonly #parts: DrainingParts;
  #waiters: (() => void)[] = [];

  constructor(parts: DrainingParts) {
    this.#parts = parts;
  }

  /** Resolves when nothing of these is pending but what a failure holds. They hand out nothing more already. */
  async quiet(lanes: readonly PartitionLane[], reason: FlushReason): Promise<void> {
    const { flusher } = this.#parts;
    flusher.flush(reason);
    while (lanes.some(lane => !lane.ended && !lane.quiet)) {
      await this.#somethingSettled();
      // An operator may have emitted into another that gathers.
      flusher.flush(reason);
    }
  }

  /** Something settled, or will no more: who waits looks again. */
  lookAgain(): void {
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  /** Resolves when something settled, or after a while. */
  #somethingSettled(): Promise<void> {
    return new Promise(resolve => {
      const { clock, flushMs } = this.#parts;
      const timer = clock.schedule(resolve, flushMs);
      this.#waiters.push(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}
