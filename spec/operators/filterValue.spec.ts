import { deliver, marbles } from '../../lib/testing/index.js';
import { filterValue } from '../../operators/filterValue.js';
import { coordinates, numbered } from './numbered.js';
import { synchronousContract } from './synchronous-contract.js';

const cause = new Error('secret');

describe('filterValue', () => {
  synchronousContract<number>({
    operator: options =>
      filterValue(function wanted(value) {
        if (value < 0) throw cause;
        return true;
      }, options),
    name: 'filterValue(wanted)',
    good: 1,
    bad: -987_654,
    cause,
  });

  test('lets pass the very records whose value passes', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const records = numbered(1, 2, 3, 4);
      const source = hot('--a--b--c--d--|', records);
      const result = '    -----b-----d--|';
      expectObservable(source.pipe(filterValue(n => n % 2 === 0))).toBe(result, records);
    }));

  test('what does not pass is done with', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const delivered = deliver(hot('--a--b--c--|', numbered(1, 2, 3)));
      const settled = '              --a--b--c---';
      expectObservable(delivered.records$.pipe(filterValue(() => false))).toBe('-----------|');
      expectObservable(delivered.settled$).toBe(settled, coordinates);
    }));

  test('sees value and record', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const records = numbered('x', 'x', 'x');
      const source = hot('--a--b--c--|', records);
      const result = '    -----b--c--|';
      expectObservable(source.pipe(filterValue((value, { offset }) => value === 'x' && offset > 0))).toBe(
        result,
        records,
      );
    }));
});
