import fc from 'fast-check';
import { KeyedWork } from '../../../lib/flow/leases/keyed-work.js';

type Work = (done: () => void) => void;

/** Pieces of work that say themselves what they do; none goes before others. */
const plainWork = (concurrency: number) =>
  new KeyedWork<string, Work>(concurrency, { begin: (work, done) => work(done), isFirst: () => false });

/** Work whose pieces are named, and what has begun; what is in `first` goes before others. */
function lanes(concurrency: number) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const first = new Set<string>();
  const work = new KeyedWork<string, string>(concurrency, {
    begin: (name, done) => {
      begun.push(name);
      ends.set(name, done);
    },
    isFirst: name => first.has(name),
    // Those of x and y; all else is nobody's.
    partyOf: name => ['x', 'y'].indexOf(name.charAt(0)) + 1,
  });
  return {
    work,
    begun,
    first,
    add: (key: string, name: string) => work.add(key, name),
    end: (name: string) => ends.get(name)?.(),
  };
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
    const work = plainWork(1);
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

  describe('what goes first', () => {
    test('is before all that waits for room, however late it came, and in its own order', () => {
      const { begun, first, add, end } = lanes(1);
      first.add('d1').add('e1');
      for (const name of ['a1', 'b1', 'c1', 'd1', 'e1']) add(name.charAt(0), name);
      for (const name of ['a1', 'd1', 'e1', 'b1']) end(name);
      expect(begun).toEqual(['a1', 'd1', 'e1', 'b1', 'c1']);
    });

    test('under a key whose work has just ended is before others too', () => {
      const { begun, first, add, end } = lanes(1);
      first.add('a2');
      for (const name of ['a1', 'a2', 'b1']) add(name.charAt(0), name);
      end('a1');
      expect(begun).toEqual(['a1', 'a2']);
    });

    test('by now, though it waits already, goes before others once all was looked through', () => {
      const { work, begun, first, add, end } = lanes(1);
      for (const name of ['a1', 'b1', 'c1', 'd1']) add(name.charAt(0), name);
      first.add('c1');
      work.hurry();
      for (const name of ['a1', 'c1', 'b1']) end(name);
      expect(begun).toEqual(['a1', 'c1', 'b1', 'd1']);
    });

    test('takes along all that is before it under its key, and nothing that is behind it', () => {
      const { work, begun, first, add, end } = lanes(1);
      for (const name of ['a1', 'b1', 'c1', 'c2', 'c3', 'c4']) add(name.charAt(0), name);
      first.add('c3');
      work.hurry();
      for (const name of ['a1', 'c1', 'c2', 'c3', 'b1']) end(name);
      expect(begun).toEqual(['a1', 'c1', 'c2', 'c3', 'b1', 'c4']);
    });

    test('and comes under a key that waits or has work under way has what is before it go first', () => {
      const { begun, first, add, end } = lanes(1);
      first.add('c2').add('a3');
      for (const name of ['a1', 'a2', 'b1', 'c1', 'c2', 'a3']) add(name.charAt(0), name);
      for (const name of ['a1', 'c1', 'a2', 'c2', 'a3']) end(name);
      expect(begun).toEqual(['a1', 'c1', 'a2', 'c2', 'a3', 'b1']);
    });

    test('is forgotten like the rest, and what comes under its key later is like any other', () => {
      const { work, begun, first, add, end } = lanes(1);
      first.add('b1');
      for (const name of ['a1', 'b1']) add(name.charAt(0), name);
      work.clear();
      for (const name of ['c1', 'b2']) add(name.charAt(0), name);
      for (const name of ['a1', 'c1']) end(name);
      expect(begun).toEqual(['a1', 'c1', 'b2']);
    });
  });

  describe('parties', () => {
    const names = ['x1', 'x2', 'x3', 'x4', 'y1', 'y2'];

    test('take turns for the room there is, among those that go first as among the others', () => {
      const { work, begun, first, add, end } = lanes(1);
      work.hurry();
      for (const name of names) add(name, name);
      for (const name of ['x1', 'x2']) end(name);
      expect(begun).toEqual(['x1', 'x2', 'y1']);
      for (const name of ['x4', 'y2']) first.add(name);
      for (const name of ['x5', 'x6', 'y3', 'y4']) {
        first.add(name);
        add(name, name);
      }
      work.hurry();
      for (let n = 2; n < 10; n++) end(begun[n] ?? '');
      expect(begun.slice(3)).toEqual(['x5', 'y3', 'x6', 'y4', 'x4', 'y2', 'x3']);
    });

    test('of what waited before anybody was hurried, too', () => {
      const { work, begun, first, add, end } = lanes(1);
      for (const name of names) {
        add(name, name);
        first.add(name);
      }
      work.hurry();
      for (let n = 0; n < 5; n++) end(begun[n] ?? '');
      expect(begun).toEqual(['x1', 'x2', 'y1', 'x3', 'y2', 'x4']);
    });

    test('are not asked for where nobody is ever hurried', () => {
      const { begun, add, end } = lanes(1);
      for (const name of names) add(name, name);
      for (const name of names) end(name);
      expect(begun).toEqual(names);
    });
  });

  test('with any arrivals and endings: never too many, never two of a key, order kept, and all is done', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 40 }),
        fc.array(fc.nat(), { maxLength: 80 }),
        fc.array(fc.boolean(), { maxLength: 40 }),
        (concurrency, keys, picks, firsts) => {
          const isFirst = new Map<Work, boolean>();
          const work = new KeyedWork<string, Work>(concurrency, {
            begin: (piece, done) => piece(done),
            isFirst: piece => isFirst.get(piece) === true,
          });
          const running: { readonly key: string; readonly n: number; readonly done: () => void }[] = [];
          const begun = new Map<string, number[]>();
          const endOne = (pick: number) => running.splice(pick % Math.max(1, running.length), 1)[0]?.done();
          keys.forEach((key, n) => {
            const piece: Work = done => {
              running.push({ key, n, done });
              begun.set(key, [...(begun.get(key) ?? []), n]);
            };
            // At once, or while it waits.
            if (n % 2 === 0) isFirst.set(piece, firsts[n] === true);
            work.add(key, piece);
            isFirst.set(piece, firsts[n] === true);
            if (firsts[n] === true) work.hurry();
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
