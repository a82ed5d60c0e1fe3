import type { TimeWindow } from '../../time/windows.js';
import type { NotTaken, Processor, ProcessorOutput } from './processor.js';

/** A processor of updates whose results are held back: when they are handed on, whoever extends it says. */
export abstract class HeldUpdates<V, A> implements Processor<V, A>, ProcessorOutput<A> {
  readonly #processor: Processor<V, A>;
  /** Whose turn it is. */
  #output: ProcessorOutput<A> | undefined;

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

  get mayRise(): boolean {
    return this.#processor.mayRise === true;
  }

  /** What is held back stays, as the rows do that it is of. */
  reset(): void {
    this.#processor.reset();
  }

  abstract result(
    key: string,
    window: TimeWindow | undefined,
    value: A | null,
    timestamp: number,
    isNew?: boolean,
  ): void;

  notTaken(why: NotTaken, window: TimeWindow | undefined): void {
    this.#output?.notTaken(why, window);
  }
}
