import type { Clock, Timer } from '../../../base/clock.js';

/** Waits that somebody else may end. */
export class Sleepers {
  readonly #clock: Pick<Clock, 'schedule'>;
  readonly #wakes = new Set<() => void>();

  constructor(clock: Pick<Clock, 'schedule'>) {
    this.#clock = clock;
  }

  /** Resolves after so many milliseconds, or when all are woken. */
  sleep(ms: number): Promise<void> {
    return new Promise(resolve => {
      let timer: Timer | undefined;
      const wake = (): void => {
        this.#wakes.delete(wake);
        timer?.cancel();
        resolve();
      };
      this.#wakes.add(wake);
      timer = this.#clock.schedule(wake, ms);
    });
  }

  wake(): void {
    for (const wake of [...this.#wakes]) wake();
  }
}
