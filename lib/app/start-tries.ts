import { doublingMs } from '../base/backoff.js';
import { type Clock, delay } from '../base/clock.js';
import type { DriverEvent } from '../drivers/port.js';
import { isKafkaRxError, type KafkaRxError } from '../errors/errors.js';

/** No broker has answered yet: whatever else goes wrong with a first connection is for good. */
export const isUnreachable = ({ code }: KafkaRxError): boolean => code === 'UNREACHABLE';

/** Milliseconds before the second try; doubles with each. */
const firstDelayMs = 250;
const longestDelayMs = 5000;

export interface StartTriesParts {
  readonly clock: Clock;
  readonly event: (event: DriverEvent) => void;
  /** Milliseconds, over all steps, after which the last error is final; 0: one try of each. */
  readonly timeoutMs: number;
  /** Whether the app is to end: then the last error is final, too. */
  readonly ended: () => boolean;
}

/**
 * The steps of a start-up, each tried again while what fails may pass: a broker that comes up late, or restarts in between. There
 * is one bound for all of them, and a `retrying` event for each try.
 */
export class StartTries {
  readonly #parts: StartTriesParts;
  readonly #untilMs: number;

  constructor(parts: StartTriesParts) {
    this.#parts = parts;
    this.#untilMs = parts.clock.elapsed() + parts.timeoutMs;
  }

  /** @param passes whether another try can succeed. Default: where the error says so of itself */
  async of<T>(
    what: string,
    step: () => Promise<T>,
    passes: (error: KafkaRxError) => boolean = ({ retriable }) => retriable,
  ): Promise<T> {
    const { clock, event, ended } = this.#parts;
    for (let attempt = 1; ; attempt++) {
      try {
        const done = await step();
        if (attempt > 1) event({ type: 'retried', what });
        return done;
      } catch (error) {
        const delayMs = doublingMs(attempt, firstDelayMs, longestDelayMs);
        const again = isKafkaRxError(error) && passes(error) && clock.elapsed() + delayMs < this.#untilMs;
        if (!again || ended()) throw error;
        event({ type: 'retrying', what, attempt, delayMs, reason: error.message });
        await delay(clock, delayMs);
        // Nobody waits any more: what is opened now would stay open.
        if (ended()) throw error;
      }
    }
  }
}
