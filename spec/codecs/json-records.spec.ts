/** A record printed says its coordinates and nothing that it holds; written as JSON that would lose it, its offset committed. */
import * as t from 'io-ts';
import { bytes, json, memoryStore, string } from 'kafka-rx';
import { batch, mapValue } from 'kafka-rx/operators';
import { testRecord } from 'kafka-rx/testing';
import { Members } from '../app/members.js';

const value = string;
const record = testRecord({ topic: 'in', value: 'secret', key: 'k' });
/** A schema that takes everything. */
const schema = {
  '~standard': { version: 1, vendor: 'test', validate: (given: unknown) => ({ value: given }) },
} as const;
const asIs = json(t.unknown);
const codecs = [
  ['a type of anything', asIs],
  ['a list of anything', { ...asIs, encode: (given: unknown) => json(t.array(t.unknown)).encode([given]) }],
  [
    'a field of anything',
    { ...asIs, encode: (given: unknown) => json(t.type({ a: t.unknown })).encode({ a: given }) },
  ],
  [
    'a type with an encode of its own',
    json(
      new t.Type<unknown, unknown>(
        'Own',
        (_): _ is unknown => true,
        t.success,
        given => ({ given }),
      ),
    ),
  ],
  ['a schema', json(schema)],
] as const;

function thrown(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

describe.each(codecs)('json of %s', (_, codec) => {
  test.each<[string, () => unknown]>([
    ['a record', () => record],
    ['a list of records', () => [record]],
    ['a record among other values', () => ['x', { of: [1, { record }] }]],
    ['a record in what a toJSON gives', () => ({ toJSON: () => ({ record }) })],
    ['a record with a value of its own', () => record.withValue({ a: 1 })],
  ])('refuses %s, and says how to write what it holds', (_what, make) => {
    const error = thrown(() => codec.encode(make()));
    expect(error).toMatchObject({
      code: 'ENCODE',
      message: expect.stringContaining(
        'a record, of which JSON would write its coordinates and nothing that it holds',
      ),
      remedy: expect.stringContaining('records.map(record => record.value)'),
    });
    expect(String(error)).not.toContain('secret');
  });
});

test('what a type declares of a record is written, as of any object, and so is what it holds', () => {
  expect(`${json(t.type({ value: t.string })).encode(record)}`).toBe('{"value":"secret"}');
  expect(`${asIs.encode([record.value, record.offset])}`).toBe('["secret",0]');
});

test('printed in a log it says its coordinates as before', () => {
  expect(JSON.stringify({ record })).toBe('{"record":{"topic":"in","partition":0,"offset":0}}');
});

test('a batch of records is not committed as a list of coordinates', async () => {
  const members = new Members({ in: 1, out: 1 });
  members.publish('in', 'a', 'b');
  const member = members.start(app =>
    app
      .topic('in', { value })
      .pipe(batch(records => records, { maxRecords: 2 }))
      .subscribe(app.to('out', { value: json(t.unknown) })),
  );
  await members.settle();
  expect(member.outcome).toMatchObject({
    code: 'ENCODE',
    at: { topic: 'in', partition: 0, offset: 1 },
    path: '*',
  });
  expect([members.values('out'), members.committed('in')]).toEqual([[], [-1]]);
});

test('nor is a document of a store', async () => {
  const members = new Members({ in: 1 });
  members.publish('in', 'a');
  const store = memoryStore<unknown>('s', { value: json(t.unknown) });
  const member = members.start(app =>
    app
      .topic('in', { value: bytes })
      .pipe(mapValue((_, of) => ({ of })))
      .subscribe(app.store(store)),
  );
  await members.settle();
  expect(member.outcome).toMatchObject({ code: 'ENCODE', path: '*' });
  expect(members.committed('in')).toEqual([-1]);
});
