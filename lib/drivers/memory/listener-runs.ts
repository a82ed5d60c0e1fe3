import type { OutputListener } from '../port.js';

/** Neighbours in a queue that one listener hears of. */
export interface ListenerRun {
  readonly listener: OutputListener;
  count: number;
}

/** Whose the records of a queue are, oldest first: as many entries as there are changes from one listener to another. */
export class ListenerRuns {
  #runs: ListenerRun[] = [];

  /** One more record, behind all others. */
  add(listener: OutputListener): void {
    const last = this.#runs.at(-1);
    if (last?.listener === listener) last.count++;
    else this.#runs.push({ listener, count: 1 });
  }

  takeAll(): readonly ListenerRun[] {
    const all = this.#runs;
    this.#runs = [];
    return all;
  }

  /** Those of the oldest `count` records. */
  take(count: number): readonly ListenerRun[] {
    const taken: ListenerRun[] = [];
    let left = count;
    for (const run of this.#runs) {
      if (left === 0) break;
      const here = Math.min(run.count, left);
      taken.push({ listener: run.listener, count: here });
      run.count -= here;
      left -= here;
    }
    this.#runs = this.#runs.filter(run => run.count > 0);
    return taken;
  }
}
