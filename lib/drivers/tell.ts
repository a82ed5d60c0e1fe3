import type { Clock } from '../base/clock.js';

/**
 * Calls a listener. What it throws is thrown in a turn of its own, as rxjs does where nobody handles an error: it is no
 * answer of the broker's, so it may neither hold up what is told to others nor be taken for a request that failed.
 */
export function tell(clock: Clock, call: () => void): void {
  try {
    call();
  } catch (error) {
    clock.defer(() => {
      throw error;
    });
  }
}
