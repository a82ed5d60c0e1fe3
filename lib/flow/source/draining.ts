import type { Clock, Timer } from '../../base/clock.js';
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
  /** Who waits for partitions to be quiet: those at a barrier, and those that flush whenever something has settled. */
  #barriers = 0;
  #drains = 0;
  #reminder: Timer | undefined;

  constructor(parts: DrainingParts) {
    this.#parts = parts;
  }

  /** Resolves when nothing of these is pending but what a failure holds. They hand out nothing more already. */
  async quiet(lanes: readonly PartitionLane[], reason: FlushReason): Promise<void> {
    const { flusher } = this.#parts;
    flusher.flush(reason);
    const isBarrier = reason === 'commit';
    if (isBarrier) this.#barriers++;
    else this.#drains++;
    try {
      while (lanes.some(lane => !lane.ended && !lane.quiet)) {
        await this.#woken();
        // An operator may have emitted into another that gathers. At a barrier that lets it pass: then a reminder does, one for all,
        // since each flush looks through all that waits.
        if (!isBarrier) flusher.flush(reason);
      }
    } finally {
      if (isBarrier) this.#barriers--;
      else this.#drains--;
      if (this.#barriers + this.#drains === 0) this.#forgetReminder();
    }
  }

  /**
   * Something settled, or will no more: who waits looks again.
   *
   * @param lane the only one of which that is so
   */
  lookAgain(lane?: PartitionLane): void {
    if (this.#waiters.length === 0) return;
    // Most of what settles is of no task at a barrier, or not the last of one.
    if (lane !== undefined && this.#drains === 0 && !(lane.atBarrier && lane.quiet)) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  /** Resolves when something settled, or after a while. */
  #woken(): Promise<void> {
    this.#reminder ??= this.#parts.clock.schedule(() => this.#remind(), this.#parts.flushMs);
    return new Promise(resolve => this.#waiters.push(resolve));
  }

  #remind(): void {
    this.#reminder = undefined;
    if (this.#barriers > 0) this.#parts.flusher.flush('commit');
    this.lookAgain();
  }

  #forgetReminder(): void {
    this.#reminder?.cancel();
    this.#reminder = undefined;
  }
}
