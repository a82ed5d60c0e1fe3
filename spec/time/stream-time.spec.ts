/** Stream time: the largest timestamp that was taken, as far as a bound lets it, in the cut. */
import fc from 'fast-check';
import { StreamTime } from '../../lib/time/stream-time.js';

function numbers() {
  const all = new Map<string, number>();
  return {
    all,
    get: (name: string) => all.get(name),
    set: (name: string, value: number) => all.set(name, value),
  };
}

test('goes by the largest timestamp, and is part of the cut', () => {
  const cut = numbers();
  const time = new StreamTime(cut);
  expect([time.now, time.advance(5), time.advance(3), time.advance(5), time.now]).toEqual([
    -1,
    true,
    false,
    false,
    5,
  ]);
  expect([...cut.all]).toEqual([['streamTime', 5]]);
});

test('is held by its bound, and catches up when that rises, also from the cut', () => {
  const cut = numbers();
  let bound = Number.NEGATIVE_INFINITY;
  const time = new StreamTime(cut, () => bound);
  expect([time.advance(50), time.now, time.mayRise]).toEqual([false, -1, false]);
  bound = 20;
  expect([time.mayRise, time.advance(30), time.now]).toEqual([true, true, 20]);
  const restored = new StreamTime(cut, () => bound);
  expect([restored.now, restored.mayRise, restored.catchUp()]).toEqual([20, false, false]);
  bound = Number.POSITIVE_INFINITY;
  expect([restored.mayRise, restored.catchUp(), restored.now, restored.mayRise]).toEqual([
    true,
    true,
    50,
    false,
  ]);
});

test('never goes back, is never above what was taken nor above every bound so far, and ends where nothing holds it', () => {
  const step = fc.record({
    timestamp: fc.nat(100),
    bound: fc.integer({ min: -1, max: 120 }),
    forgets: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), steps => {
      const cut = numbers();
      let bound = -1;
      let [highest, taken] = [-1, -1];
      let time = new StreamTime(cut, () => bound);
      for (const { timestamp, bound: next, forgets } of steps) {
        bound = next;
        highest = Math.max(highest, bound);
        taken = Math.max(taken, timestamp);
        const before = time.now;
        if (forgets) time = new StreamTime(cut, () => bound);
        const rose = [time.catchUp(), time.advance(timestamp)].includes(true);
        expect(time.now > before).toBe(rose);
        expect(time.now).toBeGreaterThanOrEqual(Math.max(before, Math.min(taken, bound)));
        expect(time.now).toBeLessThanOrEqual(Math.min(taken, highest));
      }
      bound = Number.POSITIVE_INFINITY;
      time.catchUp();
      expect(time.now).toBe(taken);
    }),
  );
});
