import type { Clock } from '../../base/clock.js';
import type { Wait, Waits } from './waits.js';

/** Milliseconds that something may take before it is a reason. */
export const slowMs = 5000;

interface Work {
  readonly what: string;
  readonly ready: boolean;
  readonly since: number;
}

/**
 * What the app awaits and cannot bound, since giving it up would lose something: a reason in `health()` once it takes
 * long. Nobody is told of what is quick; it costs two looks at the clock.
 */
export class SlowWork {
  readonly #clock: Clock;
  readonly #underWay = new Set<Work>();

  constructor(clock: Clock, waits: Waits) {
    this.#clock = clock;
    waits.ask(() => this.#slow());
  }

  /**
   * @param what what is waited for, as a noun: `the store 'history' to open`
   * @param ready whether the app does its work meanwhile
   */
  async during<T>(what: string, work: Promise<T>, { ready = false } = {}): Promise<T> {
    const entry = { what, ready, since: this.#clock.elapsed() };
    this.#underWay.add(entry);
    try {
      return await work;
    } finally {
      this.#underWay.delete(entry);
    }
  }

  #slow(): readonly Wait[] {
    const now = this.#clock.elapsed();
    return [...this.#underWay]
      .filter(({ since }) => now - since >= slowMs)
      .map(({ what, ready, since }) => ({
        ready,
        reason: `waits for ${what}, for ${Math.round((now - since) / 1000)} s now`,
      }));
  }
}
