import type { Subscriber } from 'rxjs';
import type { Timer } from '../../lib/base/clock.js';
import type { Lane } from '../../lib/flow/leases/delivery.js';

/** One call by the app's clock, which ends with the lane that it is set in, and with the subscription. */
export class LaneAlarm {
  readonly #subscriber: Subscriber<unknown>;
  readonly #call: () => void;
  #timer: Timer | undefined;
  /** Of the lanes with which it ends: one that is set again and again is heard of once. */
  readonly #endsWith = new WeakSet<AbortSignal>();

  constructor(subscriber: Subscriber<unknown>, call: () => void) {
    this.#subscriber = subscriber;
    this.#call = call;
  }

  get isSet(): boolean {
    return this.#timer !== undefined;
  }

  /** In place of what it was set for before. */
  set(lane: Lane, delayMs: number): void {
    this.#endWith(lane.signal);
    this.#timer?.cancel();
    this.#timer = lane.host.clock.schedule(
      () => {
        this.#timer = undefined;
        this.#call();
      },
      Math.max(0, delayMs),
    );
  }

  #endWith(signal: AbortSignal): void {
    if (this.#endsWith.has(signal)) return;
    this.#endsWith.add(signal);
    const cancel = (): void => {
      this.#timer?.cancel();
      this.#timer = undefined;
    };
    signal.addEventListener('abort', cancel, { once: true });
    this.#subscriber.add(cancel);
  }
}
