import { Queue } from '../../base/queue.js';

/**
 * Runs work with bounded concurrency, one piece at a time under each key, in the order of arrival: the plain algorithm
 * under `mapAsync` and `app.each`. A piece of work calls `done` when it has ended, calls after the first have no
 * effect; what its end makes room for has begun when `done` returns, or when the piece that called it at once has.
 */
export class KeyedWork<K> {
  readonly #concurrency: number;
  /** Keys with work under way, and what waits behind it. */
  readonly #queues = new Map<K, Queue<Work>>();
  /** Keys whose turn has come, but for which there is no room. */
  readonly #ready = new Queue<K>();
  #running = 0;
  #starting = false;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  /** Nothing is under way and nothing waits. */
  get idle(): boolean {
    return this.#queues.size === 0;
  }

  add(key: K, work: Work): void {
    const queue = this.#queues.get(key);
    if (queue !== undefined) {
      queue.push(work);
      return;
    }
    const fresh = new Queue<Work>();
    fresh.push(work);
    this.#queues.set(key, fresh);
    this.#ready.push(key);
    this.#start();
  }

  /** Drops what waits; what is under way goes on, its `done` has no effect. */
  clear(): void {
    this.#queues.clear();
    this.#ready.clear();
  }

  #start(): void {
    // Work that is done at once gets here again: the loop beneath goes on, however many of it wait in a row.
    if (this.#starting) return;
    this.#starting = true;
    try {
      while (this.#running < this.#concurrency) {
        const key = this.#ready.shift();
        if (key === undefined) return;
        const queue = this.#queues.get(key);
        const work = queue?.shift();
        if (queue !== undefined && work !== undefined) this.#run(key, queue, work);
      }
    } finally {
      this.#starting = false;
    }
  }

  #run(key: K, queue: Queue<Work>, work: Work): void {
    this.#running++;
    let finished = false;
    work(() => {
      if (finished) return;
      finished = true;
      this.#running--;
      if (this.#queues.get(key) === queue) {
        if (queue.length > 0) this.#ready.push(key);
        else this.#queues.delete(key);
      }
      this.#start();
    });
  }
}

export type Work = (done: () => void) => void;
