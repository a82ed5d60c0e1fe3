import { marbles, testRecord } from '../../lib/testing/index.js';
import { mapKey } from '../../operators/mapKey.js';
import { synchronousContract } from './synchronous-contract.js';

const cause = new Error('secret');

describe('mapKey', () => {
  synchronousContract<number>({
    operator: options =>
      mapKey(function byId(_key, { value }) {
        if (value < 0) throw cause;
        return value;
      }, options),
    name: 'mapKey(byId)',
    good: 1,
    bad: -987_654,
    cause,
  });

  test('replaces the key and nothing else: the partition stays that of the source', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const parts = { value: 5, timestamp: 7, topic: 't', partition: 3, offset: 9 };
      const source = hot('--a--|', { a: testRecord({ ...parts, key: 'k' }) });
      const result = '    --b--|';
      expectObservable(source.pipe(mapKey((key, { value }) => `${key}${value}`))).toBe(result, {
        b: testRecord({ ...parts, key: 'k5' }),
      });
    }));
});
