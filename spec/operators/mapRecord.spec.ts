import { number } from '../../lib/codecs/number.js';
import { marbles, testApp, testRecord } from '../../lib/testing/index.js';
import { mapRecord } from '../../operators/mapRecord.js';
import { synchronousContract } from './synchronous-contract.js';

const cause = new Error('secret');

describe('mapRecord', () => {
  synchronousContract<number>({
    operator: options =>
      mapRecord(function remake(record) {
        if (record.value < 0) throw cause;
        return record.withKey(record.value);
      }, options),
    name: 'mapRecord(remake)',
    good: 1,
    bad: -987_654,
    cause,
  });

  test('hands on what the function makes of key, value and headers', () =>
    marbles(expect)(({ hot, expectObservable }) => {
      const headers = [{ key: 'h', value: null }];
      const source = hot('--a--|', { a: testRecord({ key: 'k', value: 1, offset: 4 }) });
      const result = '    --b--|';
      expectObservable(
        source.pipe(mapRecord(record => record.withKey(2).withValue('v').withHeaders(headers))),
      ).toBe(result, { b: testRecord({ key: 2, value: 'v', headers, offset: 4 }) });
    }));

  test('a record made any other way fails the app at the first sink, and its source stays uncommitted', async () => {
    const t = await testApp(app => {
      app
        .topic('in', { value: number })
        .pipe(mapRecord(({ value }) => testRecord({ value })))
        .subscribe(app.to('out', { value: number }));
    });
    expect(() => t.pipeIn('in', [{ value: '1' }])).toThrow('came from no source of this app');
    await expect(t.stop()).rejects.toMatchObject({
      code: 'WITHOUT_DELIVERY',
      at: { topic: 'in', offset: 0 },
    });
    expect(t.committed('in')).toEqual([-1]);
  });
});
