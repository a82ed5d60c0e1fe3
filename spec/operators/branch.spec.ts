import { EMPTY, map, mergeMap, type Observable, of, take } from 'rxjs';
import { number } from '../../lib/codecs/number.js';
import type { KafkaRecord } from '../../lib/record/record.js';
import { deliver, marbles, testApp, testRecord } from '../../lib/testing/index.js';
import { branch } from '../../operators/branch.js';
import { coordinates, numbered } from './numbered.js';

const guards = { big: (n: number) => n >= 10, even: (n: number) => n % 2 === 0 };

describe('branch', () => {
  test('each record goes to the first branch whose guard wants it, or to otherwise', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const records = numbered(1, 20, 2, 3, 11);
      const source = hot('   --a--b--c--d--e--|', records);
      const subscription = ' ^----------------!';
      const { big, even, otherwise } = branch(source, guards);
      expectObservable(big).toBe('      -----b--------e--|', records);
      expectObservable(even).toBe('     --------c--------|', records);
      expectObservable(otherwise).toBe('--a--------d-----|', records);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  test('the source is subscribed with the first branch and left with the last', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('    --a--b--a--b--|', numbered(1, 20));
      const first = '         ---^-----!     ';
      const second = '        ----^-------!  ';
      const subscription = '  ---^--------!  ';
      const { big, otherwise } = branch(source, guards);
      expectObservable(big, first).toBe('       -----b---', numbered(1, 20));
      expectObservable(otherwise, second).toBe('--------a---', numbered(1, 20));
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  test.each(['0', '10', '4294967294'])(
    'a name that JavaScript puts before those written above it is refused: %s',
    name => {
      const wired = { big: (n: number) => n >= 10, [name]: () => true };
      expect(() => branch(EMPTY as Observable<KafkaRecord<null, number>>, wired)).toThrow(
        expect.objectContaining({
          code: 'CONFIGURATION',
          message: expect.stringContaining(`'${name}'`),
          remedy: expect.stringContaining(`such as 'from ${name}'`),
        }),
      );
    },
  );

  test.each(['1.5', '-1', '007', '4294967295', 'v2'])(
    'a name that stays where it is written is taken: %s',
    name => {
      const source = EMPTY as Observable<KafkaRecord<null, number>>;
      expect(Object.keys(branch(source, { big: () => false, [name]: () => true }))).toEqual([
        'big',
        name,
        'otherwise',
      ]);
    },
  );

  test('an error of the source reaches every branch', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --a--#', numbered(1), 'broken');
      const subscription = '^----!';
      const { big, otherwise } = branch(source, guards);
      expectObservable(big).toBe('      -----#', {}, 'broken');
      expectObservable(otherwise).toBe('--a--#', numbered(1), 'broken');
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  test('is no break in the chain between subscriber and source', () =>
    marbles(expect)(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('  --a--b--a--|', numbered(20, 20));
      const subscription = '^----!      ';
      const result = '      --x--(x|)   ';
      const { big } = branch(source.pipe(mergeMap(record => of(record))), guards);
      expectObservable(
        big.pipe(
          mergeMap(() => of('x')),
          take(2),
        ),
      ).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    }));

  test('holds nothing: what goes to a branch that nobody subscribed is done with', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const delivered = deliver(hot('--a--b--|', numbered(1, 20)));
      const settled = '              --a--b---';
      expectObservable(branch(delivered.records$, guards).big).toBe('-----b--|', numbered(1, 20));
      expectObservable(delivered.settled$).toBe(settled, coordinates);
    }));

  test.each([
    ['fail', [0], 1],
    ['skip', [0, 1, 2], 0],
    ['dead-letter', [0, 1, 2], 0],
  ] as const)('a guard that throws is a process problem of its record: %s', (process, settled, failures) =>
    marbles(expect)(({ hot, expectObservable, flush }) => {
      const delivered = deliver(hot('--a--b--c--|', numbered(1, -1, 3)), { policies: { process } });
      const throws = (n: number) => {
        if (n < 0) throw new Error('secret');
        return n > 2;
      };
      const { high, otherwise } = branch(delivered.records$, { high: throws });
      expectObservable(high.pipe(map(() => 'x'))).toBe(failures > 0 ? '-----------|' : '--------x--|');
      expectObservable(otherwise.pipe(map(() => 'x'))).toBe('--x--------|');
      flush();
      expect(delivered.settled).toEqual(settled);
      expect(delivered.failures).toHaveLength(failures);
      for (const failure of delivered.failures) {
        expect(failure).toMatchObject({ code: 'PROCESS', at: coordinates['b'] });
        expect(failure.message).toContain("'branch(high)'");
      }
    }),
  );

  test('without an app a guard that throws errors every branch', () => {
    const codes: string[] = [];
    const { never } = branch(of(testRecord({ value: 1 })), {
      never: () => {
        throw new Error('secret');
      },
    });
    never.subscribe({ error: error => codes.push(error.code) });
    expect(codes).toEqual(['PROCESS']);
  });

  test('branches of an app feed their sinks, and the picture shows it', async () => {
    const t = await testApp(app => {
      const { big, otherwise } = branch(app.topic('in', { value: number }), { big: n => n >= 10 });
      big.subscribe(app.to('large', { value: number }));
      otherwise.subscribe(app.to('small', { value: number }));
    });
    t.pipeIn('in', [{ value: '1' }, { value: '20' }]);
    expect(t.read('large', { value: number })).toMatchObject([{ value: 20 }]);
    expect(t.read('small', { value: number })).toMatchObject([{ value: 1 }]);
    expect(t.app.describe().text()).toContain('branch(big) -> large, small');
    await t.stop();
    expect(t.committed('in')).toEqual([2]);
  });

  test('a guard that narrows does so at run time as well', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const records = numbered<string | number>('text', 5);
      const source = hot('--a--b--|', records);
      const { texts } = branch(source, {
        texts: (value: string | number): value is string => typeof value === 'string',
      });
      const lengths = texts.pipe(map((record: KafkaRecord<null, string>) => record.value.length));
      expectObservable(lengths).toBe('--x-----|', { x: 4 });
    }));
});
