import type { Clock, Timer } from '../../base/clock.js';
import type { FlushReason } from '../leases/delivery.js';
import type { Flusher } from './draining.js';
import type { InFlight } from './in-flight.js';

export interface FlushTimerParts {
  readonly clock: Clock;
  readonly flusher: Flusher;
  readonly inFlight: InFlight;
}

/** Tells lease holders to flush when the source has nothing to do for a while: gathered records move on. */
export class FlushTimer {
  readonly #parts: FlushTimerParts;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(parts: FlushTimerParts) {
    this.#parts = parts;
  }

  /** Every so many milliseconds, until all is settled or there is something to hand out. */
  every(ms: number, reason: FlushReason): void {
    const { clock, flusher, inFlight } = this.#parts;
    if (inFlight.unsettled === 0 || this.#stopped) return;
    this.#timer = clock.schedule(() => {
      flusher.flush(reason);
      this.every(ms, reason);
    }, ms);
  }

  /** The source has something to do. */
  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** For good. */
  stop(): void {
    this.#stopped = true;
    this.cancel();
  }
}
