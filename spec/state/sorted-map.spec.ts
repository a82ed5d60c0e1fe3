import fc from 'fast-check';
import { SortedMap } from '../../lib/state/sorted-map.js';

describe('a sorted map', () => {
  it.each([
    ['sorted from the first on', true],
    ['sorted when it is first walked', false],
  ])('walks as a sorted array would, %s', (_, sorted) => {
    const key = fc.nat(900).map(n => String.fromCharCode(n % 256).repeat(1 + (n % 3)) + n);
    const step = fc.oneof(
      { weight: 30, arbitrary: fc.tuple(fc.constant('set' as const), key) },
      { weight: 20, arbitrary: fc.tuple(fc.constant('delete' as const), key) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('walk' as const), key) },
    );
    const bound = fc.option(key, { nil: undefined });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 300, maxLength: 3000, size: 'max' }),
        bound,
        bound,
        (steps, from, to) => {
          const map = new SortedMap<number>(sorted);
          const model = new Map<string, number>();
          for (const [i, [what, at]] of steps.entries()) {
            if (what === 'set') [map.set(at, i), model.set(at, i)];
            else if (what === 'delete') [map.delete(at), model.delete(at)];
            else map.walk({});
          }
          const within = [...model.keys()]
            .sort()
            .filter(k => (from === undefined || k >= from) && (to === undefined || k < to));
          expect(walked(map, { from, to })).toEqual(within);
          expect(walked(map, { from, to, reverse: true })).toEqual(within.toReversed());
          expect(map.size).toBe(model.size);
        },
      ),
      { numRuns: 40 },
    );
  });
});

function walked(
  map: SortedMap<number>,
  range: { readonly from?: string | undefined; readonly to?: string | undefined; readonly reverse?: boolean },
): string[] {
  const found: string[] = [];
  for (const cursor = map.walk(range); cursor.key !== undefined; cursor.next()) found.push(cursor.key);
  return found;
}
