import { type Clock, type Timer, within } from '../../../base/clock.js';
import type { GroupGeneration } from '../internals/broker.js';

/** One heartbeat on behalf of a member, and what follows from it: `ended` or `failed`, once. */
export interface HeartbeatTurn {
  send(): Promise<unknown>;
  /** Confirmed, or `'late'`: whoever should have answered did not do so within the bound. */
  ended(outcome: 'late' | 'confirmed'): void;
  /** Refused, or not sent. */
  failed(error: unknown): void;
}

export interface HeartbeatsContext {
  readonly clock: Clock;
  readonly intervalMs: number;
  /** How long one is waited for before the next may go out: whoever does not answer must not keep another from being tried. */
  readonly answerBoundMs: number;
  /** The member's next one; undefined while there is nobody to send it for. */
  readonly turn: () => HeartbeatTurn | undefined;
}

/**
 * Heartbeats of our own, beside those of kafkajs, which come between fetches only: neither a drain nor a broker that
 * does not answer a fetch may cost the membership. One at a time.
 */
export class Heartbeats {
  readonly #context: HeartbeatsContext;
  #next: Timer | undefined;
  #pending = false;

  constructor(context: HeartbeatsContext) {
    this.#context = context;
  }

  /** From now on one each interval, the first after one. */
  begin(): void {
    this.stop();
    this.#next = this.#context.clock.schedule(() => {
      void this.beat();
      this.begin();
    }, this.#context.intervalMs);
  }

  stop(): void {
    this.#next?.cancel();
    this.#next = undefined;
  }

  /** One now, unless one is under way. Resolves when it has come to its end. */
  async beat(): Promise<void> {
    if (this.#pending) return;
    const turn = this.#context.turn();
    if (turn === undefined) return;
    this.#pending = true;
    const { clock, answerBoundMs } = this.#context;
    const ended = await within(clock, turn.send(), answerBoundMs).then(
      outcome => () => turn.ended(outcome === 'late' ? 'late' : 'confirmed'),
      error => () => turn.failed(error),
    );
    this.#pending = false;
    ended();
  }
}

const own = Symbol('kafka-rx heartbeat');

/** Marks a heartbeat as ours, on its way through a broker's `heartbeat` that kafkajs calls too. */
export function ownHeartbeat(generation: GroupGeneration): GroupGeneration {
  return Object.assign({ [own]: true }, generation);
}

export const isOwnHeartbeat = (request: GroupGeneration): boolean => own in request;
