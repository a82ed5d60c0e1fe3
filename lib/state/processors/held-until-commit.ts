import type { TimeWindow } from '../../time/windows.js';
import type { NotTaken, Processor, ProcessorOutput } from './processor.js';
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
export class HeldUntilCommit<V, A> implements Processor<V, A>, ProcessorOutput<A> {
  readonly #processor: Processor<V, A>;
  readonly #held = new Map<string, Held<A>>();
  /** Whose turn it is. */
  #output: ProcessorOutput<A> | undefined;
  #window: TimeWindow | undefined;
  /** Of that window: most results are in the same as the one before. */
  #prefix = '';

  /** @param processor of updates */
  constructor(processor: Processor<V, A>) {
    this.#processor = processor;
  }

  take(key: string | undefined, value: V | null, timestamp: number, output: ProcessorOutput<A>): void {
    this.#output = output;
    this.#processor.take(key, value, timestamp, this);
  }

  /** Rows expire; nothing is handed on. */
  close(limit: number, output: ProcessorOutput<A>): boolean {
    this.#output = output;
    return this.#processor.close(limit, this);
  }

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

  get mayRise(): boolean {
    return this.#processor.mayRise === true;
  }

  /** What is held back stays, as the rows do that it is of. */
  reset(): void {
    this.#processor.reset();
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

  notTaken(why: NotTaken, window: TimeWindow | undefined): void {
    this.#output?.notTaken(why, window);
  }

  #prefixOf(window: TimeWindow): string {
    if (window !== this.#window) {
      this.#window = window;
      this.#prefix = timeBytes(window.start) + timeBytes(window.end);
    }
    return this.#prefix;
  }
}
