import { Queue } from '../../base/queue.js';
import { FairQueue } from './fair-queue.js';

/** What is done with work. */
export interface WorkParts<W> {
  /** Begins a piece; `done` is called when it has ended, calls after the first have no effect. */
  begin(work: W, done: () => void): void;
  /** Whether a piece goes before those that wait for room. */
  isFirst(work: W): boolean;
  /**
   * Whose it is, as a number of theirs; 0: nobody's. They take turns where there is no room for all, and each has its own in the order of
   * its arrival. Asked only once somebody was hurried: where nobody ever is, as at least once, all wait in one line.
   */
  partyOf?(work: W): number;
}

/**
 * Runs work with bounded concurrency, one piece at a time under each key, in the order of arrival, or in turns where it is told whose it
 * is: the plain algorithm under `mapAsync` and `app.each`. What the end of a piece makes room for has begun when its `done` returns, or when the piece that
 * called it at once has.
 */
export class KeyedWork<K, W> {
  readonly #concurrency: number;
  readonly #parts: WorkParts<W>;
  /** Keys with work under way, and what waits behind it. */
  readonly #queues = new Map<K, Queue<W>>();
  /** Keys whose turn has come, but for which there is no room. */
  readonly #ready = new FairQueue<K>();
  /** Those that go before them. */
  readonly #first = new FairQueue<K>();
  /** What waits under keys that go first for something that is not next there yet. */
  readonly #hurried = new Set<Queue<W>>();
  /** Somebody was hurried: there are parties that take turns. */
  #takesTurns = false;
  #running = 0;
  #starting = false;

  constructor(concurrency: number, parts: WorkParts<W>) {
    this.#concurrency = concurrency;
    this.#parts = parts;
  }

  /** Nothing is under way and nothing waits. */
  get idle(): boolean {
    return this.#queues.size === 0;
  }

  add(key: K, work: W): void {
    const queue = this.#queues.get(key);
    if (queue !== undefined) {
      queue.push(work);
      if (this.#parts.isFirst(work)) this.#hurry(queue);
      return;
    }
    const fresh = new Queue<W>();
    fresh.push(work);
    this.#queues.set(key, fresh);
    this.#wait(key, fresh, work);
    this.#start();
  }

  /** Looks through all that waits: what is first by now goes before the others, with all that is before it under its key. */
  hurry(): void {
    const { isFirst } = this.#parts;
    this.#takesTurns = true;
    for (const queue of this.#queues.values()) if (queue.some(isFirst)) this.#hurried.add(queue);
    if (this.#hurried.size > 0) this.#move();
  }

  /** Drops what waits; what is under way goes on, its `done` has no effect. */
  clear(): void {
    this.#queues.clear();
    this.#ready.clear();
    this.#first.clear();
    this.#hurried.clear();
  }

  #hurry(queue: Queue<W>): void {
    if (this.#hurried.has(queue)) return;
    this.#hurried.add(queue);
    this.#move();
  }

  /** Keys that are hurried leave those that wait for room. */
  #move(): void {
    for (const key of this.#ready.drain()) {
      const queue = this.#queues.get(key);
      const next = queue?.peek();
      if (queue === undefined || next === undefined) continue;
      const line = this.#hurried.has(queue) ? this.#first : this.#ready;
      line.push(key, this.#partyOf(next));
    }
  }

  /** The turn of this key has come, of which this is next: it waits for room. */
  #wait(key: K, queue: Queue<W>, next: W): void {
    this.#line(queue, next).push(key, this.#partyOf(next));
  }

  #partyOf(work: W): number {
    return this.#takesTurns ? (this.#parts.partyOf?.(work) ?? 0) : 0;
  }

  /** Where a key waits of which this is next. */
  #line(queue: Queue<W>, next: W): FairQueue<K> {
    const { isFirst } = this.#parts;
    if (isFirst(next)) return this.#first;
    if (this.#hurried.size === 0 || !this.#hurried.has(queue)) return this.#ready;
    if (queue.some(isFirst)) return this.#first;
    this.#hurried.delete(queue);
    return this.#ready;
  }

  #start(): void {
    // Work that is done at once gets here again: the loop beneath goes on, however many of it wait in a row.
    if (this.#starting) return;
    this.#starting = true;
    try {
      while (this.#running < this.#concurrency) {
        const key = this.#first.isEmpty ? this.#ready.shift() : this.#first.shift();
        if (key === undefined) return;
        const queue = this.#queues.get(key);
        const work = queue?.shift();
        if (queue !== undefined && work !== undefined) this.#run(key, queue, work);
      }
    } finally {
      this.#starting = false;
    }
  }

  #run(key: K, queue: Queue<W>, work: W): void {
    this.#running++;
    let finished = false;
    this.#parts.begin(work, () => {
      if (finished) return;
      finished = true;
      this.#running--;
      if (this.#queues.get(key) === queue) {
        const next = queue.peek();
        if (next === undefined) {
          this.#queues.delete(key);
          if (this.#hurried.size > 0) this.#hurried.delete(queue);
        } else this.#wait(key, queue, next);
      }
      this.#start();
    });
  }
}
