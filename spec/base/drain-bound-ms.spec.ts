import fc from 'fast-check';
import { drainBoundMs } from '../../lib/base/drain-bound-ms.js';

test.each([
  [60_000, 0, 54_000],
  [60_000, 1000, 53_000],
  [3000, 1000, 1700],
  [1000, 1000, 500],
])('of %d ms, heard of %d ms late, a drain has %d ms', (rebalanceTimeoutMs, lateMs, boundMs) => {
  expect(drainBoundMs(rebalanceTimeoutMs, lateMs)).toBe(boundMs);
});

test('it is over before the group goes on, however late it began, if that was in the first two fifths', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      fc.double({ min: 0, max: 0.4, noNaN: true }),
      (timeoutMs, late) => {
        const lateMs = timeoutMs * late;
        const boundMs = drainBoundMs(timeoutMs, lateMs);
        expect(boundMs).toBeGreaterThan(0);
        expect(lateMs + boundMs).toBeLessThan(timeoutMs);
      },
    ),
  );
});
