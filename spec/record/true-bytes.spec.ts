/** Bytes are as many as they are, whatever their class or a property of theirs says: by another length other memory went out. */
import * as t from 'io-ts';
import { bytes, type Codec, json, memoryStore, string } from 'kafka-rx';
import { mapValue, mask } from 'kafka-rx/operators';
import { scanDocument } from '../../lib/card/scan-document.js';
import { RecordBatchBuilder, recordBytes } from '../../lib/drivers/kafkajs/protocol/record-batch-builder.js';
import { noHeaders } from '../../lib/record/headers.js';
import { outgoing } from '../../lib/record/outgoing.js';
import { Members } from '../app/members.js';

const value = string;

/** Of a class of Buffers with a length of its own. */
const ofClass = (length: number): Buffer =>
  Object.setPrototypeOf(
    Buffer.from('secret'),
    Object.create(Buffer.prototype, { length: { get: () => length } }),
  );
const saying = (length: unknown): Buffer =>
  Object.defineProperty(Buffer.from('secret'), 'length', { value: length });
const liars: readonly (readonly [string, () => Uint8Array])[] = [
  ['a class with a larger length', () => ofClass(100)],
  ['a class with a smaller one', () => ofClass(1)],
  ['a larger one of their own', () => saying(100)],
  ['a smaller one', () => saying(0)],
  ['a negative one', () => saying(-1)],
  ['a fraction', () => saying(6.5)],
  ['NaN', () => saying(Number.NaN)],
  ['text', () => saying('6')],
  ['none', () => saying(undefined)],
];
const codecOf = (make: () => Uint8Array): Codec<string> => ({
  name: 'own',
  decode: () => '',
  // A codec of somebody else's, or JavaScript: its types need not hold.
  encode: () => make() as Buffer,
});

describe.each(liars)('bytes that say %s', (_, make) => {
  const refusal = {
    code: 'ENCODE',
    at: { topic: 'in', partition: 0, offset: 0 },
    message: expect.stringContaining('bytes that say another length than they have'),
    remedy: expect.any(String),
  };
  const lying = () => make() as Buffer;

  test.each<[string, (members: Members) => { readonly outcome: unknown }]>([
    [
      'as a value',
      m => m.start(app => app.topic('in', { value }).subscribe(app.to('out', { value: codecOf(make) }))),
    ],
    [
      'as a value of the codec bytes',
      m =>
        m.start(app =>
          app
            .topic('in', { value })
            .pipe(mapValue(lying))
            .subscribe(app.to('out', { value: bytes })),
        ),
    ],
    [
      'as a key',
      m =>
        m.start(app => app.topic('in', { value }).subscribe(app.to('out', { value, keyBy: lying as never }))),
    ],
    [
      'as a header',
      m =>
        m.start(app =>
          app
            .topic('in', { value })
            .subscribe(app.to('out', { value, headers: () => [{ key: 'h', value: lying() }] })),
        ),
    ],
  ])('are refused %s', async (_place, start) => {
    const members = new Members({ in: 1, out: 1 });
    members.publish('in', 'a');
    const member = start(members);
    await members.settle();
    expect(member.outcome).toMatchObject(refusal);
    expect([members.values('out'), members.committed('in')]).toEqual([[], [-1]]);
  });

  test.each<[string, Codec<never>]>([
    ['by a codec of somebody else', codecOf(make) as Codec<never>],
    ['by the codec bytes', bytes as Codec<never>],
  ])('are refused in a store, %s', async (_by, codec) => {
    const store = memoryStore<unknown>('s', { value: codec as Codec<unknown> });
    await store.open();
    const source = { origin: 'cluster/topic', partition: 0, offset: 0, ordinal: '' };
    await expect(async () => store.write([{ source, value: make(), timestamp: 0 }])).rejects.toMatchObject({
      code: 'ENCODE',
      message: expect.stringContaining('bytes that say another length than they have'),
    });
    await expect(store.count()).resolves.toBe(0);
  });
});

test.each(liars)('what a test publishes that says %s is read as it is', async (_, make) => {
  const members = new Members({ in: 1, out: 1 });
  const made = make() as Buffer;
  members.broker.publish('in', [{ key: made, value: made, headers: [{ key: 'h', value: made }] }]);
  const seen: string[] = [];
  members.start(app =>
    app.topic('in', { key: bytes, value: bytes }).subscribe(
      app.each(record => {
        seen.push(`${record.key} ${record.value} ${record.header('h')}`);
      }),
    ),
  );
  await members.settle();
  expect(seen).toEqual(['secret secret secret']);
});

test('bytes of a class that says the truth are as good as any', () => {
  class Own extends Uint8Array {}
  expect(outgoing(Buffer.from('k'), new Own(3) as Buffer, noHeaders, 1)).toBe(noHeaders);
});

describe('a length that is another one each time it is asked', () => {
  const changing = (from: number, to: number): Buffer => {
    let asked = 0;
    return Object.defineProperty(Buffer.from('own'.repeat(20)), 'length', {
      get: () => (asked++ < from ? 60 : to),
    });
  };

  test.each([0, 1, 2, 3, 4, 5])('brings no other memory into a batch: asked %d times', from => {
    const space = Buffer.alloc(16_384, 's');
    const builder = new RecordBatchBuilder(space);
    const bytesOf = () => changing(from, 200);
    const headers = [{ key: 'h', value: bytesOf() }];
    builder.append(bytesOf(), bytesOf(), headers, 1, recordBytes(1000, 1));
    const [record] = builder.records();
    const own = 'own'.repeat(20);
    expect([`${record?.key}`, `${record?.value}`, `${record?.headers[0]?.value}`]).toEqual([own, own, own]);
  });

  test.each([1, 2, 3, 4, 5, 6])('brings none into a topic: asked %d times', async from => {
    const members = new Members({ in: 1, out: 1 });
    members.publish('in', 'a');
    members.start(app =>
      app.topic('in', { value }).subscribe(app.to('out', { value: codecOf(() => changing(from, 200)) })),
    );
    await members.settle();
    for (const out of members.values('out')) expect(out).toBe('own'.repeat(20));
  });
});

describe('the guard looks at the bytes that are written', () => {
  const digits = '4111111111111111';
  const card = `{"card":"${digits}"}`;
  const hiding: readonly (readonly [string, PropertyDescriptorMap])[] = [
    ['another byteLength', { byteLength: { value: 0 } }],
    ['another byteOffset', { byteOffset: { value: 0 }, buffer: { value: new ArrayBuffer(100) } }],
    ['a valueOf', { valueOf: { value: () => '' } }],
    ['a toString', { toString: { value: () => '' } }],
  ];
  test.each(hiding)('and not at what they say by %s', async (_, properties) => {
    for (const guard of [{ scan: true }, {}]) {
      const members = new Members({ in: 1, out: 1 });
      members.publish('in', 'a');
      const codec = codecOf(() => Object.defineProperties(Buffer.from(card), properties));
      const member = members.start(
        app =>
          app
            .topic('in', { value })
            .pipe(
              mapValue(() => ({ card: digits })),
              mask('card'),
            )
            .subscribe(app.to('out', { value: codec as never })),
        { guard },
      );
      await members.settle();
      expect(member.outcome).toMatchObject({ code: 'GUARD' });
      expect(members.values('out')).toEqual([]);
    }
  });

  test.each(hiding)('nor in a header of the name of a field by %s', async (_, properties) => {
    const members = new Members({ in: 1, out: 1 });
    members.publish('in', 'a');
    const header = () => Object.defineProperties(Buffer.from(digits), properties);
    const member = members.start(app =>
      app
        .topic('in', { value })
        .pipe(
          mapValue(() => ({ card: digits })),
          mask('card'),
        )
        .subscribe(
          app.to('out', { value: json(t.unknown), headers: () => [{ key: 'card', value: header() }] }),
        ),
    );
    await members.settle();
    expect(member.outcome).toMatchObject({ code: 'GUARD' });
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('nor by a length that is none %d times', async times => {
    for (const place of ['value', 'key', 'header'] as const) {
      const members = new Members({ in: 1, out: 1 });
      members.publish('in', 'a');
      let asked = 0;
      const text = `{"card":"${digits}"}`;
      const hidden = Object.defineProperty(Buffer.from(text), 'length', {
        get: () => (asked++ < times ? 0 : text.length),
      });
      const at = (here: string) => (here === place ? hidden : Buffer.from('x'));
      members.start(app =>
        app
          .topic('in', { value })
          .pipe(
            mapValue(() => ({ card: digits })),
            mask('card'),
          )
          .subscribe(
            app.to('out', {
              value: codecOf(() => at('value')) as never,
              keyBy: () => at('key') as never,
              headers: () => [{ key: 'h', value: at('header') }],
            }),
          ),
      );
      await members.settle();
      expect(members.values('out')).toEqual([]);
    }
  });

  test.each(hiding)('nor in a document by %s', (_, properties) => {
    expect(scanDocument({ data: Object.defineProperties(Buffer.from(digits), properties) })).toBe('card');
  });

  test('nor by the toString of a value that shows the masked form of the card that its key is', async () => {
    const members = new Members({ in: 1, out: 1 });
    members.publish('in', 'a');
    const shown = (masked: unknown) =>
      Object.defineProperty(Buffer.from(JSON.stringify(masked)), 'toString', { value: () => '' });
    const codec = { ...string, encode: shown } as never;
    const member = members.start(app =>
      app
        .topic('in', { value })
        .pipe(
          mapValue(() => ({ card: digits })),
          mask('card'),
        )
        .subscribe(app.to('out', { value: codec, keyBy: () => digits })),
    );
    await members.settle();
    expect(member.outcome).toMatchObject({ code: 'GUARD' });
  });
});
