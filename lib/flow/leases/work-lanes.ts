import { Queue } from '../../base/queue.js';

/**
 * Runs work with bounded concurrency, one piece at a time under each key, in the order of arrival: the plain algorithm
 * under `mapAsync` and `app.each`. A piece of work calls `done` once; the next of its key starts inside that call.
 */
export class WorkLanes<K> {
  readonly #concurrency: number;
  /** Keys with work under way, and what waits behind it. */
  readonly #lanes = new Map<K, Queue<Work>>();
  /** Keys whose turn has come, but for which there is no room. */
  readonly #ready = new Queue<K>();
  #running = 0;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  /** Nothing is under way and nothing waits. */
  get idle(): boolean {
    return this.#lanes.size === 0;
  }

  add(key: K, work: Work): void {
    const lane = this.#lanes.get(key);
    if (lane !== undefined) {
      lane.push(work);
      return;
    }
    const fresh = new Queue<Work>();
    fresh.push(work);
    this.#lanes.set(key, fresh);
    this.#ready.push(key);
    this.#start();
  }

  /** Drops what waits; what is under way goes on, its `done` has no effect. */
  clear(): void {
    this.#lanes.clear();
    this.#ready.clear();
  }

  #start(): void {
    while (this.#running < this.#concurrency) {
      const key = this.#ready.shift();
      if (key === undefined) return;
      const lane = this.#lanes.get(key);
      const work = lane?.shift();
      if (lane === undefined || work === undefined) continue;
      this.#running++;
      let finished = false;
      work(() => {
        if (finished) return;
        finished = true;
        this.#running--;
        if (this.#lanes.get(key) === lane) {
          if (lane.length > 0) this.#ready.push(key);
          else this.#lanes.delete(key);
        }
        this.#start();
      });
    }
  }
}

export type Work = (done: () => void) => void;
