import { systemClock } from '../../lib/base/clock.js';

const dayMs = 86_400_000;

describe('a wait that is longer than Node can wait', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  test('is waited for to its end, and once', () => {
    let calls = 0;
    systemClock.schedule(() => calls++, 60 * dayMs);
    jest.advanceTimersByTime(60 * dayMs - 1);
    expect(calls).toBe(0);
    jest.advanceTimersByTime(1);
    expect(calls).toBe(1);
    jest.advanceTimersByTime(60 * dayMs);
    expect(calls).toBe(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  test.each([0, 10, 30, 59])('can be cancelled after %s days', days => {
    let calls = 0;
    const timer = systemClock.schedule(() => calls++, 60 * dayMs);
    jest.advanceTimersByTime(days * dayMs);
    timer.cancel();
    expect(jest.getTimerCount()).toBe(0);
    jest.advanceTimersByTime(60 * dayMs);
    expect(calls).toBe(0);
  });

  test('without an end is never over', () => {
    let calls = 0;
    const timer = systemClock.schedule(() => calls++, Number.POSITIVE_INFINITY);
    jest.advanceTimersByTime(365 * dayMs);
    expect(calls).toBe(0);
    timer.cancel();
    expect(jest.getTimerCount()).toBe(0);
  });
});
