import { marbles } from '../../lib/testing/index.js';
import { peek } from '../../operators/peek.js';
import { numbered } from './numbered.js';
import { synchronousContract } from './synchronous-contract.js';

const cause = new Error('secret');

describe('peek', () => {
  synchronousContract<number>({
    operator: options =>
      peek(function look({ value }) {
        if (value < 0) throw cause;
      }, options),
    name: 'peek(look)',
    good: 1,
    bad: -987_654,
    cause,
  });

  test('sees each record once, before those behind it do, and changes nothing', () =>
    marbles(expect)(({ hot, expectObservable, flush }) => {
      const records = numbered(1, 2);
      const source = hot('--a--b--|', records);
      const result = '    --a--b--|';
      const seen: string[] = [];
      const note = (who: string) =>
        peek<(typeof records)[string]>(({ offset }) => void seen.push(`${who}${offset}`));
      expectObservable(source.pipe(note('first'), note('second'))).toBe(result, records);
      flush();
      expect(seen).toEqual(['first0', 'second0', 'first1', 'second1']);
    }));

  test('nothing waits for what the function starts', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const records = numbered(1);
      const source = hot('--a--|', records);
      const result = '    --a--|';
      const start = (): void => void new Promise(() => {});
      expectObservable(source.pipe(peek(start))).toBe(result, records);
    }));
});
