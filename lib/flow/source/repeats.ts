import type { PartitionLane } from './partition-lane.js';

/** How far records were handed out in units of work, in the epochs before: those of a unit that is dropped come again. */
export class Repeats {
  /** By the slots of partitions. */
  readonly #handedOut: ({ readonly origin: string; readonly below: number } | undefined)[] = [];

  /** The epoch of the lane ends. */
  ended({ slot, outputSlot, origin, position }: PartitionLane): void {
    // Outside of units nothing is dropped: what comes again was handed out twice.
    if (outputSlot === 0) return;
    this.#handedOut[slot] = { origin, below: Math.max(position, this.below(slot, origin)) };
  }

  /** The offset below which everything of this topic was handed out before; -1: nothing. */
  below(slot: number, origin: string): number {
    const before = this.#handedOut[slot];
    return before?.origin === origin ? before.below : -1;
  }
}
