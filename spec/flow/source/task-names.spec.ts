/** Which partitions are one task, and what it is called. */
import fc from 'fast-check';
import { TaskNames } from '../../../lib/flow/source/task-names.js';

test('a topic that is put together with none is a task by itself', () => {
  const names = new TaskNames([['orders']]);
  expect([names.severalInputs, names.of({ topic: 'orders', partition: 3 })]).toEqual([false, 'orders/3']);
});

test('groups that overlap are one, and others are theirs', () => {
  const names = new TaskNames([
    ['c', 'b'],
    ['b', 'a'],
    ['x', 'y'],
  ]);
  expect(names.severalInputs).toBe(true);
  expect(['a', 'b', 'c', 'x', 'z'].map(topic => names.of({ topic, partition: 1 }))).toEqual([
    'a+b+c/1',
    'a+b+c/1',
    'a+b+c/1',
    'x+y/1',
    'z/1',
  ]);
});

test('a name does not depend on the order in which groups and topics are given', () => {
  const group = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(group, { maxLength: 4 }), fc.array(fc.nat()), (groups, order) => {
      const turned = groups
        .map((topics, i) => ({ topics: [...topics].reverse(), at: order[i] ?? i }))
        .sort((one, other) => one.at - other.at)
        .map(({ topics }) => topics);
      const [one, other] = [new TaskNames(groups), new TaskNames(turned)];
      for (const topic of 'abcdef')
        expect(one.of({ topic, partition: 0 })).toBe(other.of({ topic, partition: 0 }));
    }),
  );
});
