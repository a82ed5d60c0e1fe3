import fc from 'fast-check';
import { KeyedWork } from '../../../lib/flow/leases/keyed-work.js';

/** Work whose pieces are named, and what has begun. */
function lanes(concurrency: number) {
  const work = new KeyedWork<string>(concurrency);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const add = (key: string, name: string) =>
    work.add(key, done => {
      begun.push(name);
      ends.set(name, done);
    });
  return { work, begun, add, end: (name: string) => ends.get(name)?.() };
}

describe('keyed work', () => {
  test('one piece at a time under each key, in order; keys side by side', () => {
    const { begun, add, end } = lanes(9);
    for (const name of ['a1', 'a2', 'b1', 'a3']) add(name.charAt(0), name);
    expect(begun).toEqual(['a1', 'b1']);
    end('a1');
    expect(begun).toEqual(['a1', 'b1', 'a2']);
    end('a2');
    expect(begun.at(-1)).toBe('a3');
  });

  test('keys that wait for room have it in the order in which their turn came', () => {
    const { begun, add, end } = lanes(1);
    for (const name of ['a1', 'a2', 'b1', 'c1']) add(name.charAt(0), name);
    for (const name of ['a1', 'b1', 'c1', 'a2']) end(name);
    expect(begun).toEqual(['a1', 'b1', 'c1', 'a2']);
  });

  test('work that is done at once leaves room at once', () => {
    const work = new KeyedWork<string>(1);
    const ran: number[] = [];
    for (const n of [1, 2, 3]) {
      work.add('a', done => {
        ran.push(n);
        done();
      });
    }
    expect([ran, work.idle]).toEqual([[1, 2, 3], true]);
  });

  test('done twice counts once', () => {
    const { begun, add, end } = lanes(1);
    for (const name of ['a1', 'b1', 'c1']) add(name.charAt(0), name);
    end('a1');
    end('a1');
    expect(begun).toEqual(['a1', 'b1']);
  });

  test('cleared, it forgets what waits, and what ends later starts nothing of before', () => {
    const { work, begun, add, end } = lanes(1);
    for (const name of ['a1', 'a2', 'b1']) add(name.charAt(0), name);
    work.clear();
    expect(work.idle).toBe(true);
    end('a1');
    expect(begun).toEqual(['a1']);
    add('a', 'a4');
    expect(begun).toEqual(['a1', 'a4']);
  });

  test('with any arrivals and endings: never too many, never two of a key, order kept, and all is done', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 40 }),
        fc.array(fc.nat(), { maxLength: 80 }),
        (concurrency, keys, picks) => {
          const work = new KeyedWork<string>(concurrency);
          const running: { readonly key: string; readonly n: number; readonly done: () => void }[] = [];
          const begun = new Map<string, number[]>();
          const endOne = (pick: number) => running.splice(pick % Math.max(1, running.length), 1)[0]?.done();
          keys.forEach((key, n) => {
            work.add(key, done => {
              running.push({ key, n, done });
              begun.set(key, [...(begun.get(key) ?? []), n]);
            });
            expect(running.length).toBeLessThanOrEqual(concurrency);
            expect(new Set(running.map(one => one.key)).size).toBe(running.length);
            const pick = picks[n];
            if (pick !== undefined && pick % 2 === 0) endOne(pick);
          });
          while (running.length > 0) endOne(0);
          expect(work.idle).toBe(true);
          for (const [key, order] of begun) {
            expect(order).toEqual(keys.flatMap((one, n) => (one === key ? [n] : [])));
          }
        },
      ),
    );
  });
});
