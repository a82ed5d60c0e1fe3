import { Buffer } from 'node:buffer';

/** In all, and of one batch: what is larger is rarer than what it takes up. */
const mostBytes = 16 * 1024 * 1024;
const mostOfOne = 512 * 1024;
/** Room for a first batch. */
const leastBytes = 1_024;

/**
 * The space of batches that were acknowledged, for the next ones of whichever partition: memory that is new has to be
 * mapped first. Bounded for all partitions together, of which there may be thousands that are written to once.
 */
export class SpareSpace {
  readonly #spaces: Buffer[] = [];
  #bytes = 0;

  take(): Buffer {
    const space = this.#spaces.pop();
    if (space === undefined) return Buffer.allocUnsafeSlow(leastBytes);
    this.#bytes -= space.length;
    return space;
  }

  /** Only when nothing reads or sends it any more. */
  give(space: Buffer): void {
    if (space.length > mostOfOne || this.#bytes + space.length > mostBytes) return;
    this.#spaces.push(space);
    this.#bytes += space.length;
  }

  get bytes(): number {
    return this.#bytes;
  }
}
