import { type App, type AppOptions, string } from 'kafka-rx';
import { mapAsync, peek } from 'kafka-rx/operators';
import { delay, systemClock } from '../../lib/base/clock.js';

const workMs = 20;

/** So that most of what was fetched waits in the app, and the process is idle for most of the time. */
export const inFlight = 20;

export const memberOptions = {
  bounds: { maxUnsettled: inFlight },
  commit: { every: 1, intervalMs: 10 },
  sessionTimeoutMs: 6_000,
  rebalanceTimeoutMs: 10_000,
} satisfies Partial<AppOptions>;

/** Spends 20 ms on each record of `in`. It settles without a word from a broker: a process that wakes has room at once. */
export function workSlowly(app: App, begun: (value: string) => void): void {
  app
    .topic('in', { value: string })
    .pipe(
      peek(({ value }) => begun(value)),
      mapAsync(() => delay(systemClock, workMs), { concurrency: inFlight, order: 'none' }),
    )
    .subscribe(app.each(() => {}));
}
