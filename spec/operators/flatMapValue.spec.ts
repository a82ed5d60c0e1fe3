import { map, mergeMap, timer } from 'rxjs';
import type { KafkaRecord } from '../../lib/record/record.js';
import { deliver, marbles } from '../../lib/testing/index.js';
import { flatMapValue } from '../../operators/flatMapValue.js';
import { mapAsync } from '../../operators/mapAsync.js';
import { coordinates, numbered } from './numbered.js';
import { synchronousContract } from './synchronous-contract.js';

const cause = new Error('secret');
const plain = map(({ value, ordinal }: KafkaRecord<unknown, unknown>) => `${value}${ordinal}`);

describe('flatMapValue', () => {
  synchronousContract<number>({
    operator: options =>
      flatMapValue(function parts(value) {
        if (value < 0) throw cause;
        return [value];
      }, options),
    name: 'flatMapValue(parts)',
    good: 1,
    bad: -987_654,
    cause,
  });

  test('makes any number of records, in order and in one frame, told apart by ordinals', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const source = hot('--a-------b--c---|', numbered('xy', '', 'z'));
      const result = '    --(ab)-------c---|';
      expectObservable(
        source.pipe(
          flatMapValue(text => [...text]),
          plain,
        ),
      ).toBe(result, { a: 'x.0', b: 'y.1', c: 'z.0' });
    }));

  test('ordinals nest', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const source = hot('--a--------|', numbered(['xy', 'z']));
      const result = '    --(abc)----|';
      expectObservable(
        source.pipe(
          flatMapValue(texts => texts),
          flatMapValue(text => [...text]),
          plain,
        ),
      ).toBe(result, { a: 'x.0.0', b: 'y.0.1', c: 'z.1.0' });
    }));

  test('every part must be done before the source record is settled; no part settles it at once', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const delivered = deliver(hot('--a---b------|', numbered([2, 5], [])));
      const settled = '              ------ba------';
      const waits = delivered.records$.pipe(
        flatMapValue(frames => frames),
        mapAsync(frames => timer(frames).pipe(map(() => frames)), { order: 'none' }),
        plain,
      );
      expectObservable(waits).toBe(' ----x--y-----|', { x: '2.0', y: '5.1' });
      expectObservable(delivered.settled$).toBe(settled, coordinates);
    }));

  test('takes the whole of what is given before it hands on the first: a throw in the middle lets no part out', () =>
    marbles(expect)(({ hot, expectObservable, flush }) => {
      function* breaks(): Generator<number> {
        yield 1;
        throw cause;
      }
      const delivered = deliver(hot('--a--|', numbered(0)));
      expectObservable(delivered.records$.pipe(flatMapValue(breaks))).toBe('-----|');
      flush();
      expect(delivered.failures).toMatchObject([{ code: 'PROCESS' }]);
      expect(delivered.failures[0]?.original()).toBe(cause);
      expect(delivered.settled).toEqual([]);
    }));

  /** As JavaScript gives them: what compiles is another test's matter. */
  const noLists: readonly (readonly [told: string, thing: unknown])[] = [
    ['text', 'secret'],
    ['text', ''],
    ['text', Object('secret')],
    ['bytes', Buffer.from('secret')],
    ['bytes', new Uint8Array()],
    ['a typed array', new Float64Array([1, 2])],
    ['a typed array', new BigUint64Array(1)],
    ['a DataView', new DataView(new ArrayBuffer(1))],
    ['undefined', undefined],
    ['null', null],
    ['a number', 5],
    ['an object', { value: 'secret' }],
  ];
  test.each(noLists)(
    'refuses %s, which is one value and no list of them, and takes nothing apart: %#',
    (told, thing) =>
      marbles(expect)(({ hot, expectObservable, flush }) => {
        const delivered = deliver(hot('--a--|', numbered(0)));
        expectObservable(delivered.records$.pipe(flatMapValue(() => thing as string[]))).toBe('-----|');
        flush();
        expect(delivered.failures).toMatchObject([
          {
            code: 'PROCESS',
            at: { offset: 0 },
            message: expect.stringContaining(
              `The function gave ${told}, which is one value and no list of values`,
            ),
            remedy: expect.stringContaining('[value]'),
          },
        ]);
        expect(`${delivered.failures[0]?.message}${delivered.failures[0]?.remedy}`).not.toContain('secret');
        expect(delivered.settled).toEqual([]);
      }),
  );

  test('an iterator is not asked for more than it has', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const source = hot('--a------|', numbered(new Set([1, 2])));
      const result = '    --(ab)---|';
      expectObservable(
        source.pipe(
          flatMapValue(set => set),
          mergeMap(({ value }) => [value]),
        ),
      ).toBe(result, { a: 1, b: 2 });
    }));
});
