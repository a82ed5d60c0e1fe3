import type { Delivery } from '../../flow/leases/delivery.js';

/** Of a partition: the highest offset that has counted in this epoch, and in those before. */
interface Counted {
  readonly epoch: number;
  readonly origin: string;
  readonly before: number;
  highest: number;
}

/**
 * Which records of units of work have counted against the limit. Those of a unit that was dropped come again, in another epoch, and have one
 * letter in the end. Outside of units each delivery has its letter, and counts.
 */
export class CountedLetters {
  /** By the slots of partitions. */
  readonly #counted: (Counted | undefined)[] = [];

  /** Whether it counts for the first time; from then on it has. */
  isFirst({ lane, offset }: Delivery): boolean {
    if (lane.outputSlot === 0) return true;
    const { slot, epoch, origin } = lane;
    let counted = this.#counted[slot];
    if (counted === undefined || counted.epoch !== epoch || counted.origin !== origin) {
      const before = counted?.origin === origin ? counted.highest : -1;
      counted = { epoch, origin, before, highest: before };
      this.#counted[slot] = counted;
    }
    counted.highest = Math.max(counted.highest, offset);
    return offset > counted.before;
  }
}
