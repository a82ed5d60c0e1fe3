/**
 * The watermark of one partition during one epoch: deliveries settle in any order, the offset below which all of
 * them are settled only grows.
 *
 * A ring indexed by delivery sequence, not by offset, so that gaps in the offsets (compaction, control records) cost
 * nothing. Settling is O(1) without hashing or allocation; the ring doubles when a straggler stretches the span.
 * Settling twice is harmless. After Reactor Kafka's CommittableBatch, which keeps two tree sets instead.
 */
export class Watermark {
  /** The first sequence that is not settled. */
  #head = 0;
  /** The offset after everything below the head; -1 while nothing is. */
  #offset = -1;
  /** Settled sequences at or above the head. */
  #ahead = 0;
  /** Per sequence above the head: its next offset once it is settled, -1 while it is not. */
  #next: Float64Array;
  #mask: number;

  /** @param capacity initial span, rounded up to a power of two; default 64 */
  constructor(capacity = 64) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(capacity, 2)));
    this.#next = new Float64Array(size).fill(-1);
    this.#mask = size - 1;
  }

  /** What may be committed: the next offset wanted. -1 while nothing is settled. */
  get offset(): number {
    return this.#offset;
  }

  /** How many deliveries lie below the watermark. */
  get settled(): number {
    return this.#head;
  }

  /** How many settled deliveries wait above the gap. */
  get ahead(): number {
    return this.#ahead;
  }

  /**
   * Marks a sequence as settled.
   *
   * @param nextOffset the offset after it
   * @returns whether the watermark moved
   */
  settle(sequence: number, nextOffset: number): boolean {
    const distance = sequence - this.#head;
    if (distance === 0) {
      this.#head++;
      this.#offset = nextOffset;
      if (this.#ahead > 0) this.#closeGap();
      return true;
    }
    if (distance < 0) return false;
    if (distance > this.#mask) this.#grow(distance);
    const index = sequence & this.#mask;
    if (this.#next[index] === -1) {
      this.#next[index] = nextOffset;
      this.#ahead++;
    }
    return false;
  }

  #closeGap(): void {
    const next = this.#next;
    const mask = this.#mask;
    let head = this.#head;
    // The array's length is mask + 1, so that the index always hits; the comparison also ends on undefined.
    for (let offset = next[head & mask]; offset !== undefined && offset !== -1; offset = next[head & mask]) {
      this.#offset = offset;
      next[head & mask] = -1;
      head++;
      this.#ahead--;
    }
    this.#head = head;
  }

  #grow(distance: number): void {
    const old = this.#next;
    const oldMask = this.#mask;
    let size = old.length;
    while (size <= distance) size *= 2;
    const next = new Float64Array(size).fill(-1);
    for (let i = 0; i <= oldMask; i++) {
      const sequence = this.#head + i;
      next[sequence & (size - 1)] = old[sequence & oldMask] ?? -1;
    }
    this.#next = next;
    this.#mask = size - 1;
  }
}
