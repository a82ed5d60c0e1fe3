/**
 * The one clock. Everything in kafka-rx that waits, measures or defers does it here, so that a test can put a
 * virtual clock in its place and a whole topology runs in milliseconds.
 */

import { performance } from 'node:perf_hooks';

/** A pending call; cancelling one that ran or was cancelled does nothing. */
export interface Timer {
  cancel(): void;
}

/** @category Clock @since 0.1.0 */
export interface Clock {
  /** Wall-clock time, milliseconds since 1970. */
  now(): number;
  /** Monotonic time in milliseconds, for durations; its zero has no meaning. */
  elapsed(): number;
  /** Calls `task` once, after at least `delayMs` milliseconds. */
  schedule(task: () => void, delayMs: number): Timer;
  /**
   * Calls `task` once, after the current turn and what I/O is ready: never inside the caller's stack.
   *
   * @param by who asks, where that keeps no order with others that defer: a simulation draws between them. Default: one for all
   */
  defer(task: () => void, by?: string): void;
  /**
   * For a clock that is moved by hand: an app says that it runs on it, and by what is returned that it does no more. What waits
   * for promises is not to be driven past them.
   *
   * @param by who, for messages
   */
  occupy?(by: string): () => void;
}

/** Node's timers take a longer wait for one of 1 ms. */
export const longestMs = 2 ** 31 - 1;

/** The machine's own clock. @category Clock @since 0.1.0 */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  schedule(task, delayMs) {
    if (!(delayMs > longestMs)) {
      const handle = setTimeout(task, delayMs);
      return { cancel: () => clearTimeout(handle) };
    }
    // In parts, of which the last is short enough.
    let rest: Timer | undefined;
    const first = setTimeout(() => {
      rest = systemClock.schedule(task, delayMs - longestMs);
    }, longestMs);
    return {
      cancel: () => {
        clearTimeout(first);
        rest?.cancel();
      },
    };
  },
  defer: task => void setImmediate(task),
};

/** Resolves after `delayMs` on `clock`. */
export function delay(clock: Clock, delayMs: number): Promise<void> {
  return new Promise(resolve => clock.schedule(resolve, delayMs));
}

/**
 * Settles as `work` does, or resolves to `'late'` after `boundMs`.
 *
 * @param boundMs milliseconds; the timer is cancelled as soon as `work` settles
 */
export async function within<T>(clock: Clock, work: Promise<T>, boundMs: number): Promise<T | 'late'> {
  let timer: Timer | undefined;
  const late = new Promise<'late'>(resolve => {
    timer = clock.schedule(() => resolve('late'), boundMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    timer?.cancel();
  }
}
