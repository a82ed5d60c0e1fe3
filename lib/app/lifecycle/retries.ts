import type { Clock } from '../../base/clock.js';
import type { DriverEvent } from '../../drivers/port.js';
import type { Wait } from './waits.js';

/** Milliseconds that a try may take: a driver tells of the next one only after that, and seldom of success. */
const tryMs = 30_000;

interface Try {
  readonly attempt: number;
  /** Why the one before failed, where the driver says so. */
  readonly reason: string | undefined;
  readonly untilMs: number;
}

/** What the driver tries again, for as long as nobody can say that it has succeeded. */
export class Retries {
  readonly #clock: Clock;
  readonly #latest = new Map<string, Try>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note({ what, attempt, delayMs, reason }: DriverEvent & { readonly type: 'retrying' }): void {
    this.#forgetOld();
    this.#latest.set(what, { attempt, reason, untilMs: this.#clock.elapsed() + delayMs + tryMs });
  }

  succeeded(what: string): void {
    this.#latest.delete(what);
  }

  get waits(): readonly Wait[] {
    this.#forgetOld();
    return [...this.#latest].map(([what, { attempt, reason }]) => {
      const why = reason === undefined ? '' : `: ${reason}`;
      return { reason: `the driver tries again: ${what} (${attempt} times so far)${why}`, ready: true };
    });
  }

  #forgetOld(): void {
    const now = this.#clock.elapsed();
    for (const [what, { untilMs }] of this.#latest) if (untilMs <= now) this.#latest.delete(what);
  }
}
