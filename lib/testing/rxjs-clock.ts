import { asyncScheduler } from 'rxjs';
import type { Clock } from '../base/clock.js';

/** A clock on rxjs's async scheduler: virtual inside `TestScheduler.run`, which takes that scheduler over. */
export const rxjsClock: Clock = {
  now: () => asyncScheduler.now(),
  elapsed: () => asyncScheduler.now(),
  schedule(task, delayMs) {
    const subscription = asyncScheduler.schedule(task, delayMs);
    return { cancel: () => subscription.unsubscribe() };
  },
  defer: task => void asyncScheduler.schedule(task, 0),
};
