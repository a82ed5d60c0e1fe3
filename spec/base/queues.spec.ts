import fc from 'fast-check';
import { Queues } from '../../lib/base/queues.js';

test('each queue gives what it was given, in order, whatever the others do', () => {
  const step = fc.record({ queue: fc.integer({ min: 0, max: 40 }), push: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), steps => {
      const queues = new Queues<number>();
      const model = new Map<number, number[]>();
      for (const [i, { queue, push }] of steps.entries()) {
        const expected = model.get(queue) ?? [];
        model.set(queue, expected);
        if (push) {
          queues.push(queue, i);
          expected.push(i);
        } else expect(queues.shift(queue)).toBe(expected.shift());
      }
      for (const [queue, rest] of model) {
        for (const item of rest) expect(queues.shift(queue)).toBe(item);
        expect(queues.shift(queue)).toBeUndefined();
      }
    }),
  );
});

test('ten thousand that wait, in a thousand queues, and again', () => {
  const queues = new Queues<number>();
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 10_000; i++) queues.push(i % 1000, i);
    for (let i = 0; i < 10_000; i++) expect(queues.shift(i % 1000)).toBe(i);
  }
});
