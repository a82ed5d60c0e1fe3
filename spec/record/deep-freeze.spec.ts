import { deepFreeze } from '../../lib/record/deep-freeze.js';

test('what is nested deeper than the stack is frozen whole', () => {
  interface Nested {
    inner?: Nested;
  }
  const outer: Nested = {};
  let deepest = outer;
  for (let depth = 0; depth < 100_000; depth++) deepest = deepest.inner = {};
  deepFreeze(outer);
  expect(Object.isFrozen(deepest)).toBe(true);
});

test('an accessor is not asked: what it gave would be heard by nobody', () => {
  const get = jest.fn();
  deepFreeze(Object.defineProperty({}, 'user', { get, enumerable: true }));
  expect(get).not.toHaveBeenCalled();
});
