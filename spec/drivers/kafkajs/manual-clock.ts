import type { Clock, Timer } from '../../../lib/base/clock.js';

/** A clock that stands still until it is told; what was deferred runs in `settle`. */
export class ManualClock implements Clock {
  #now = 1_000;
  #timers: { readonly at: number; readonly task: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  schedule(task: () => void, delayMs: number): Timer {
    const timer = { at: this.#now + delayMs, task };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter(other => other !== timer);
      },
    };
  }

  defer(task: () => void): void {
    this.schedule(task, 0);
  }

  /** Lets `ms` pass, and all that is due and follows from it happen. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await flushPromises();
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter(other => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.task();
      await flushPromises();
    }
    this.#now = until;
  }

  settle(): Promise<void> {
    return this.advance(0);
  }
}

/** Enough turns for the longest chain of promises under test. */
async function flushPromises(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}
