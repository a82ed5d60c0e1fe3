import fc from 'fast-check';
import { FairQueue } from '../../../lib/flow/leases/fair-queue.js';

const queueOf = (...items: readonly [string, number][]) => {
  const queue = new FairQueue<string>();
  for (const [item, party] of items) queue.push(item, party);
  return queue;
};

describe('a queue whose parties take turns', () => {
  test('gives each one of its items in turn, in the order in which they came', () => {
    const queue = queueOf(['a1', 1], ['a2', 1], ['a3', 1], ['b1', 2], ['b2', 2], ['c1', 7]);
    expect([queue.drain(), queue.isEmpty, queue.shift()]).toEqual([
      ['a1', 'b1', 'c1', 'a2', 'b2', 'a3'],
      true,
      undefined,
    ]);
  });

  test('has who comes again behind those that wait, and nobody wait for who has nothing', () => {
    const queue = queueOf(['a1', 1], ['a2', 1], ['b1', 2]);
    expect(queue.shift()).toBe('a1');
    queue.push('c1', 3);
    expect(queue.shift()).toBe('b1');
    queue.push('b2', 2);
    expect(queue.drain()).toEqual(['a2', 'c1', 'b2']);
  });

  test('has what is of nobody go before, in the order in which it came', () => {
    const queue = queueOf(['a1', 1], ['x', 0], ['a2', 1], ['y', 0]);
    expect(queue.drain()).toEqual(['x', 'y', 'a1', 'a2']);
  });

  test('is empty when it was cleared, and like a new one', () => {
    const queue = queueOf(['a1', 1], ['x', 0]);
    queue.clear();
    expect(queue.isEmpty).toBe(true);
    queue.push('a2', 1);
    expect([queue.isEmpty, queue.drain()]).toEqual([false, ['a2']]);
  });

  test('with any arrivals loses nothing, keeps the order of each, and has none of many be two behind another', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 60 }), parties => {
        const queue = new FairQueue<{ readonly party: number; readonly n: number }>();
        parties.forEach((party, n) => {
          queue.push({ party, n }, party);
        });
        const left = new Map<number, number>();
        for (const party of parties) left.set(party, (left.get(party) ?? 0) + 1);
        const had = new Map<number, number[]>();
        for (const { party, n } of queue.drain()) {
          had.set(party, [...(had.get(party) ?? []), n]);
          left.set(party, (left.get(party) ?? 0) - 1);
          const count = had.get(party)?.length ?? 0;
          for (const [other, still] of left)
            if (still > 0) expect(had.get(other)?.length ?? 0).toBeGreaterThanOrEqual(count - 1);
        }
        for (const [party, order] of had)
          expect(order).toEqual(parties.flatMap((one, n) => (one === party ? [n] : [])));
      }),
    );
  });
});
