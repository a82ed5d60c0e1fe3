import { type App, type Header, isKafkaRxError, type KafkaRecord, string } from 'kafka-rx';
import { mapRecord } from 'kafka-rx/operators';
import { testApp, testRecord } from 'kafka-rx/testing';
import { map, type Observable } from 'rxjs';

const broken = {
  get key(): string {
    throw new Error('secret');
  },
  value: null,
};

const wrong: readonly [string, unknown, RegExp][] = [
  ['null', null, /headers are null/],
  ['nothing', undefined, /headers are undefined/],
  ['an object', { a: Buffer.from('secret') }, /headers are an object/],
  ['text', 'secret', /headers are a string/],
  ['a Map', new Map([['a', 'secret']]), /headers are an object/],
  ['a number as key', [{ key: 5, value: null }], /key of header 0 is a number/],
  ['no key', [{ value: null }], /key of header 0 is undefined/],
  ['bytes as key', [{ key: Buffer.from('secret'), value: null }], /key of header 0 is an object/],
  ['text as value', [{ key: 'a', value: 'secret' }], /value of header 0 is a string/],
  ['a number as value', [{ key: 'a', value: 5 }], /value of header 0 is a number/],
  ['no value', [{ key: 'a' }], /value of header 0 is undefined/],
  ['an object as value', [{ key: 'a', value: { secret: 1 } }], /value of header 0 is an object/],
  ['the second', [{ key: 'a', value: null }, null], /header 1 is null/],
  ['a pair', [['a', Buffer.from('secret')]], /key of header 0/],
  ['what throws', [broken], /headers cannot be read/],
];

async function failure(wire: (records: Observable<KafkaRecord<Buffer | null, string>>, app: App) => void) {
  const test = await testApp(app => wire(app.topic('in', { value: string }), app));
  let thrown: unknown;
  try {
    test.pipeIn('in', [{ key: 'k', value: 'a' }]);
  } catch (error) {
    thrown = error;
  }
  await test.stop().catch(() => {});
  if (!isKafkaRxError(thrown)) throw new Error('the app did not fail');
  expect(test.broker.records('out')).toEqual([]);
  return thrown;
}

describe('headers that cannot be are refused by withHeaders, and no codec is blamed', () => {
  test.each(wrong)('%s', async (_, headers, what) => {
    for (const allowed of [[], ['a']]) {
      const error = await failure((records, app) =>
        records
          .pipe(mapRecord(record => record.withHeaders(headers as Header[]), { name: 'stamp' }))
          .subscribe(app.to('out', { value: string, headers: allowed })),
      );
      expect(error).toMatchObject({ code: 'PROCESS', at: { topic: 'in', partition: 0, offset: 0 } });
      expect(error.message).toMatch(what);
      expect(error.message).toMatch(/'stamp'.*withHeaders/);
      expect(error.message).not.toMatch(/secret|codec/);
      expect(error.remedy).toMatch(/\{ key: text, value: bytes or null \}/);
    }
  });

  test('in an operator of rxjs too', async () => {
    const error = await failure((records, app) =>
      records
        .pipe(map(record => record.withHeaders(null as never)))
        .subscribe(app.to('out', { value: string })),
    );
    expect(error.message).toMatch(/withHeaders/);
    expect(error.message).not.toMatch(/codec/);
  });
});

test('the headers of a record are those that were looked at', () => {
  const given = [{ key: 'a', value: Buffer.from('1') }];
  const record = testRecord({ value: 'v' }).withHeaders(given);
  given[0] = { key: 'b', value: 5 as never };
  expect(record.headers).toEqual([{ key: 'a', value: Buffer.from('1') }]);
  expect(testRecord({ value: 'v' }).withHeaders([]).headers).toEqual([]);
});
