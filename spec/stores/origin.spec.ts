import { isOfTopic, originOf } from 'kafka-rx';

test('an origin is cluster and topic by their ids', () => {
  expect(originOf({ clusterId: 'c' }, { id: 'i' })).toBe('c/i');
});

test.each([
  ['itself', 'c/i', 'c/i', true],
  ['a topic made anew', 'c/i', 'c/j', false],
  ['another cluster', 'c/i', 'd/i', false],
  ['one written without an origin', undefined, 'c/i', true],
  ['one written by a reader that is told names alone', 'c/in', 'c/i', true],
  ['one read by such a reader', 'c/i', 'c/in', true],
  ['a name in another cluster', 'c/in', 'd/i', false],
  ['no origin at all', 'in', 'c/i', false],
  ['nothing', '', 'c/i', false],
])('%s', (_what, origin, own, is) => {
  expect(isOfTopic(origin, own, 'in')).toBe(is);
});
