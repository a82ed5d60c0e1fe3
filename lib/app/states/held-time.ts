import type { TopicPartition } from '../../drivers/port.js';

/** How far the writers of an internal topic were at some time. */
export interface WritersTold {
  /** The least stream time of those that have more to read, in milliseconds since 1970; -Infinity: of one nobody knows; Infinity: none has. */
  readonly bound: number;
  /** By partition: all that they had committed by then is below. */
  readonly ends: readonly number[];
  /** By partition: what its readers had committed; -1: nothing. */
  readonly done: readonly number[];
}

/** The same, for stream time that goes on without records: one that writes alone has to hold that as well. */
export interface WritersSeen extends WritersTold {
  readonly clockBound: number;
}

/** How far an input is settled; -1: nothing of it was handed out yet. */
interface Settling {
  readonly watermark: { readonly offset: number };
}

/** What holds stream time in a task, of one internal topic that it reads. */
export class HeldTime {
  readonly topic: string;
  readonly #partition: number;
  #input: Settling | undefined;
  #bound = Number.NEGATIVE_INFINITY;
  /** The first counts as soon as the input is there; the other is the last that was told since. */
  #waiting: WritersTold | undefined;
  #next: WritersTold | undefined;

  constructor({ topic, partition }: TopicPartition) {
    this.topic = topic;
    this.#partition = partition;
  }

  get isRead(): boolean {
    return this.#input !== undefined;
  }

  /** Milliseconds since 1970; infinite where nothing holds it, or where nothing is known. */
  get bound(): number {
    while (this.#waiting !== undefined && this.#isAt(this.#waiting)) {
      this.#bound = this.#waiting.bound;
      this.#waiting = this.#next;
      this.#next = undefined;
    }
    return this.#bound;
  }

  /** Nothing is known of its writers. */
  begins(): void {
    this.#input = undefined;
    this.#waiting = this.#next = undefined;
    this.#bound = Number.NEGATIVE_INFINITY;
  }

  reads(input: Settling | undefined): void {
    this.#input = input;
  }

  told(now: WritersTold): void {
    if (this.#waiting === undefined) this.#waiting = now;
    else this.#next = now;
  }

  #isAt({ ends, done }: WritersTold): boolean {
    const end = ends[this.#partition] ?? 0;
    return Math.max(this.#input?.watermark.offset ?? 0, done[this.#partition] ?? 0, 0) >= end;
  }
}
