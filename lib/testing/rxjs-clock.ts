import { asyncScheduler } from 'rxjs';
import type { Clock } from '../base/clock.js';

/** A clock on rxjs's async scheduler: virtual inside `TestScheduler.run`, which takes that scheduler over. */
export const rxjsClock: Clock = {
  now: () => asyncScheduler.now(),
  elapsed: () => asyncScheduler.now(),
  schedule(task, delayMs) {
    // In virtual time the end of the test would be the end of all time.
    if (delayMs === Number.POSITIVE_INFINITY) return { cancel() {} };
    const subscription = asyncScheduler.schedule(task, delayMs);
    return { cancel: () => subscription.unsubscribe() };
  },
  defer: task => void asyncScheduler.schedule(task, 0),
};
