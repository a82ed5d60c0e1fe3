import { doublingMs } from '../base/backoff.js';
import { delay } from '../base/clock.js';
import type { Driver, DriverConnection, DriverContext } from '../drivers/port.js';
import { isKafkaRxError } from '../errors/errors.js';

/** Milliseconds before the second try; doubles with each. */
const firstDelayMs = 250;
const longestDelayMs = 5000;

/**
 * Connects, trying again while no broker answers, with a `retrying` event for each try.
 *
 * @param timeoutMs after so long the last error is final; 0: one try
 * @param ended whether the app is to end: then the last error is final, too
 */
export async function connect(
  driver: Driver,
  context: DriverContext,
  timeoutMs: number,
  ended: () => boolean,
): Promise<DriverConnection> {
  const { clock, event } = context;
  const until = clock.elapsed() + timeoutMs;
  for (let attempt = 1; ; attempt++) {
    try {
      return await driver.connect(context);
    } catch (error) {
      const delayMs = doublingMs(attempt, firstDelayMs, longestDelayMs);
      if (!isKafkaRxError(error, 'UNREACHABLE') || clock.elapsed() + delayMs >= until || ended()) throw error;
      event({ type: 'retrying', what: 'connect', attempt, delayMs });
      await delay(clock, delayMs);
      // Nobody waits any more: a connection made now would stay open.
      if (ended()) throw error;
    }
  }
}
