/**
 * The watermark of one partition during one epoch: deliveries settle in any order, the offset below which all of
 * them are settled only grows.
 *
 * A ring of one bit a delivery, indexed by sequence and not by offset, so that gaps in the offsets (compaction, control
 * records) make no holes. Settling is O(1) without hashing or allocation; the ring doubles when a straggler stretches
 * the span. Settling twice is harmless. After Reactor Kafka's CommittableBatch, which keeps two tree sets instead.
 *
 * Where offsets have no gaps, a delivery's offset follows from its sequence and the bits are all there is: a span of a
 * million fits a core's cache. The first gap adds a second ring, of offsets.
 */
export class Watermark {
  /** The first sequence that is not settled. */
  #head = 0;
  /** The offset after everything below the head; -1 while nothing is. */
  #offset = -1;
  /** Settled sequences, below the head and above it. */
  #settled = 0;
  /** Per sequence above the head, 32 in a word: whether it is settled. */
  #bits: Uint32Array;
  #mask: number;
  /** What every next offset so far is above its sequence; NaN before the first. */
  #shift = Number.NaN;
  /** Per sequence above the head that is settled: its next offset. Undefined while `#shift` tells it. */
  #offsets: Float64Array | undefined;

  /** @param capacity initial span, rounded up to a power of two of at least 32; default 64 */
  constructor(capacity = 64) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(capacity, 32)));
    this.#bits = new Uint32Array(size >>> 5);
    this.#mask = size - 1;
  }

  /** What may be committed: the next offset wanted. -1 while nothing is settled. */
  get offset(): number {
    return this.#offset;
  }

  /** How many deliveries lie below the watermark. */
  get below(): number {
    return this.#head;
  }

  /** How many settled deliveries wait above the gap. */
  get ahead(): number {
    return this.#settled - this.#head;
  }

  /** How many deliveries are settled, below the watermark and above it. */
  get settled(): number {
    return this.#settled;
  }

  /**
   * Marks a sequence as settled.
   *
   * @param nextOffset the offset after it
   * @returns whether the watermark moved
   */
  settle(sequence: number, nextOffset: number): boolean {
    const distance = sequence - this.#head;
    if (distance < 0) return false;
    if (this.#offsets === undefined && nextOffset - sequence !== this.#shift)
      this.#noteShift(nextOffset - sequence);
    if (distance === 0) {
      this.#head++;
      this.#offset = nextOffset;
      if (++this.#settled > this.#head) this.#closeGap();
      return true;
    }
    if (distance > this.#mask) this.#grow(distance);
    const at = sequence & this.#mask;
    const word = this.#bits[at >>> 5] ?? 0;
    const bit = 1 << (at & 31);
    if ((word & bit) !== 0) return false;
    this.#bits[at >>> 5] = word | bit;
    if (this.#offsets !== undefined) this.#offsets[at] = nextOffset;
    this.#settled++;
    return false;
  }

  #closeGap(): void {
    const bits = this.#bits;
    const mask = this.#mask;
    const from = this.#head;
    let head = from;
    for (;;) {
      const at = head & mask;
      const word = bits[at >>> 5] ?? 0;
      const bit = 1 << (at & 31);
      if ((word & bit) === 0) break;
      bits[at >>> 5] = word & ~bit;
      head++;
    }
    if (head === from) return;
    this.#head = head;
    this.#offset = this.#offsetOf(head - 1);
  }

  #offsetOf(sequence: number): number {
    return this.#offsets?.[sequence & this.#mask] ?? sequence + this.#shift;
  }

  /** The first offset, or the first gap between offsets: from there on each is kept. */
  #noteShift(shift: number): void {
    if (!Number.isNaN(this.#shift)) this.#offsets = this.#offsetsIn(this.#mask + 1);
    this.#shift = shift;
  }

  #grow(distance: number): void {
    let size = this.#mask + 1;
    while (size <= distance) size *= 2;
    const bits = new Uint32Array(size >>> 5);
    for (let i = 0; i <= this.#mask; i++) {
      const sequence = this.#head + i;
      if (!this.#isSettled(sequence)) continue;
      const at = sequence & (size - 1);
      bits[at >>> 5] = (bits[at >>> 5] ?? 0) | (1 << (at & 31));
    }
    if (this.#offsets !== undefined) this.#offsets = this.#offsetsIn(size);
    this.#bits = bits;
    this.#mask = size - 1;
  }

  /** The offsets of all that is settled above the head, in a ring of this size. */
  #offsetsIn(size: number): Float64Array {
    const offsets = new Float64Array(size);
    for (let i = 0; i <= this.#mask; i++) {
      const sequence = this.#head + i;
      if (this.#isSettled(sequence)) offsets[sequence & (size - 1)] = this.#offsetOf(sequence);
    }
    return offsets;
  }

  #isSettled(sequence: number): boolean {
    const at = sequence & this.#mask;
    return ((this.#bits[at >>> 5] ?? 0) & (1 << (at & 31))) !== 0;
  }
}
