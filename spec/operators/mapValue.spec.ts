import { deliver, marbles, testRecord } from '../../lib/testing/index.js';
import { mapValue } from '../../operators/mapValue.js';
import { numbered } from './numbered.js';
import { synchronousContract } from './synchronous-contract.js';

const cause = new Error('secret');

describe('mapValue', () => {
  synchronousContract<number>({
    operator: options =>
      mapValue(function double(n) {
        if (n < 0) throw cause;
        return n * 2;
      }, options),
    name: 'mapValue(double)',
    good: 1,
    bad: -987_654,
    cause,
  });

  test('replaces the value and nothing else', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const parts = {
        key: 'k',
        headers: [{ key: 'h', value: Buffer.from('v') }],
        timestamp: 7,
        topic: 't',
        partition: 3,
        offset: 9,
      };
      const source = hot('--a--|', { a: testRecord({ ...parts, value: 1 }) });
      const result = '    --b--|';
      expectObservable(source.pipe(mapValue(n => `${n}`))).toBe(result, {
        b: testRecord({ ...parts, value: '1' }),
      });
    }));

  test('gives its function the value and the record', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const source = hot('--a--b--|', numbered('x', 'y'));
      const result = '    --a--b--|';
      const numberedValues = numbered('x@0', 'y@1');
      expectObservable(source.pipe(mapValue((value, { offset }) => `${value}@${offset}`))).toBe(
        result,
        numberedValues,
      );
    }));

  test('branches that share a value cannot change it for each other', () =>
    marbles(expect)(({ hot, expectObservable, flush }) => {
      const delivered = deliver(hot('--a--|', numbered({ list: [1] })));
      const pushes = mapValue((value: { list: number[] }) => value.list.push(2));
      expectObservable(delivered.records$.pipe(pushes)).toBe('-----|');
      flush();
      expect(delivered.failures.map(failure => failure.code)).toEqual(['PROCESS']);
    }));
});
