/** What was told of the writers of an internal topic counts when its reader has come to all that they had written by then. */
import { HeldTime } from '../../../lib/app/states/held-time.js';

const told = (bound: number, end: number, done = -1) => ({ bound, ends: [0, end], done: [-1, done] });

function heldTime() {
  const watermark = { offset: -1 };
  const held = new HeldTime({ topic: 'internal', partition: 1 });
  held.reads({ watermark });
  return { held, watermark };
}

test('nothing is known at first: time stands still', () => {
  expect(heldTime().held.bound).toBe(Number.NEGATIVE_INFINITY);
});

test('each counts from its end on, in the order of telling', () => {
  const { held, watermark } = heldTime();
  held.told(told(5, 10));
  held.told(told(6, 11));
  // The last that was told, in the place of the one before: the first stays, or none would ever count.
  held.told(told(7, 20));
  const seen = [9, 10, 11, 19, 20].map(offset => {
    watermark.offset = offset;
    return held.bound;
  });
  expect(seen).toEqual([Number.NEGATIVE_INFINITY, 5, 5, 5, 7]);
});

test('what its readers had committed before is behind it', () => {
  const { held } = heldTime();
  held.told(told(5, 10, 10));
  expect(held.bound).toBe(5);
});

test('nothing was written: that counts at once', () => {
  const { held } = heldTime();
  held.told(told(Number.POSITIVE_INFINITY, 0));
  expect(held.bound).toBe(Number.POSITIVE_INFINITY);
});

test('in the next epoch nothing is known again', () => {
  const { held, watermark } = heldTime();
  held.told(told(5, 0));
  expect(held.bound).toBe(5);
  held.begins();
  expect([held.bound, held.isRead]).toEqual([Number.NEGATIVE_INFINITY, false]);
  held.reads({ watermark });
  held.told(told(3, 0));
  expect(held.bound).toBe(3);
});
