import type { Clock } from '../base/clock.js';

/** The part of the session timeout for what was begun at the last moment, on its way to the brokers. */
const margin = 0.1;

/**
 * How long a member can be sure to be one, without asking: a session timeout from the moment at which the last heartbeat
 * that the group confirmed was *sent*, less a margin. It says nothing until the first confirmation.
 *
 * The clock has to go on while the process is stopped, as a monotonic clock does.
 */
export class MembershipTerm {
  readonly #clock: Clock;
  readonly #lastsMs: number;
  #until = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, sessionTimeoutMs: number) {
    this.#clock = clock;
    this.#lastsMs = sessionTimeoutMs * (1 - margin);
  }

  /** On the clock's monotonic time. */
  get until(): number {
    return this.#until;
  }

  get isConfirmed(): boolean {
    return this.#clock.elapsed() < this.#until;
  }

  /**
   * Takes note of a confirmation.
   *
   * @param sentAt when what was confirmed was sent, on the clock's monotonic time
   * @returns whether the session had run out and goes on now: what was withheld may be handed out
   */
  confirm(sentAt: number): boolean {
    const before = this.isConfirmed;
    this.#until = Math.max(this.#until, sentAt + this.#lastsMs);
    return !before && this.isConfirmed;
  }
}
