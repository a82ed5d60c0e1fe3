import type { TimeWindow } from '../../time/windows.js';
import { HeldUpdates } from './held-updates.js';
import type { ProcessorOutput } from './processor.js';
import { timeBytes } from './time-bytes.js';

interface Held<A> {
  readonly key: string;
  readonly window: TimeWindow | undefined;
  value: A | null;
  timestamp: number;
  /** There was no row at the last cut. */
  readonly isNew: boolean;
}

/**
 * Hands on the last update of each key and window at the barrier, in the order in which they came last, as Kafka Streams' cache does at its commit.
 * What came and went since the last one is not told at all.
 *
 * Nothing of it is kept: it is empty at each cut, and what a dropped unit had held back is made anew with its records, by another.
 */
export class HeldUntilCommit<V, A> extends HeldUpdates<V, A> {
  readonly #held = new Map<string, Held<A>>();
  #window: TimeWindow | undefined;
  /** Of that window: most results are in the same as the one before. */
  #prefix = '';

  get holds(): boolean {
    return this.#held.size > 0;
  }

  release(limit: number, output: ProcessorOutput<A>): boolean {
    let left = limit;
    for (const [text, { key, window, value, timestamp, isNew }] of this.#held) {
      if (left-- === 0) return true;
      this.#held.delete(text);
      output.result(key, window, value, timestamp, isNew);
    }
    return false;
  }

  result(
    key: string,
    window: TimeWindow | undefined,
    value: A | null,
    timestamp: number,
    isNew = false,
  ): void {
    const text = window === undefined ? key : this.#prefixOf(window) + key;
    const held = this.#held.get(text) ?? { key, window, value, timestamp, isNew };
    this.#held.delete(text);
    if (value === null && held.isNew) return;
    held.value = value;
    held.timestamp = timestamp;
    this.#held.set(text, held);
  }

  #prefixOf(window: TimeWindow): string {
    if (window !== this.#window) {
      this.#window = window;
      this.#prefix = timeBytes(window.start) + timeBytes(window.end);
    }
    return this.#prefix;
  }
}
