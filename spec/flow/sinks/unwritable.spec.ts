import { type App, type Codec, createApp, type KafkaRecord, KafkaRxError, string } from 'kafka-rx';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { mapValue } from 'kafka-rx/operators';
import { type TestAppOptions, testApp } from 'kafka-rx/testing';
import type { Observer } from 'rxjs';
import { withProducer } from './with-producer.js';

/** What JavaScript, or a cast, hands over: typed programs do not compile with it. */
const odd = (thing: unknown) => thing as never;
const value = string;
const encoding = (encode: (text: string) => unknown): Codec<string> => ({ ...string, encode: odd(encode) });
const only = (bad: unknown) => (text: string) => (text === 'bad' ? bad : Buffer.from(text));
const onlyOf = (bad: unknown, good: unknown) => (record: KafkaRecord<unknown, string>) =>
  odd(record.value === 'bad' ? bad : good);
/** Rejects before anybody could have heard of it. */
const rejecting = () => Promise.reject(new Error('4111111111111111'));

const made: readonly (readonly [
  string,
  (app: App) => Observer<KafkaRecord<Buffer | null, string>>,
  string,
])[] = [
  ['a value as text', app => app.to('out', { value: encoding(only('4111111111111111')) }), 'a string'],
  ['no value at all', app => app.to('out', { value: encoding(only(undefined)) }), 'undefined'],
  ['a value as a number', app => app.to('out', { value: encoding(only(4)) }), 'a number'],
  [
    'a value as a DataView',
    app => app.to('out', { value: encoding(only(new DataView(new ArrayBuffer(3)))) }),
    'an object',
  ],
  [
    'a promised value',
    app => app.to('out', { value: encoding(text => (text === 'bad' ? rejecting() : Buffer.from(text))) }),
    'a promise',
  ],
  [
    'a key as an array',
    app => app.to('out', { value, key: encoding(only([1])), keyBy: text => text }),
    'an array',
  ],
  [
    'a promised key',
    app => app.to('out', { value, keyBy: text => (text === 'bad' ? odd(rejecting()) : text) }),
    'a promise',
  ],
  [
    'a promised key for a codec',
    app => app.to('out', { value, key: string, keyBy: text => (text === 'bad' ? odd(rejecting()) : text) }),
    'a promise',
  ],
  [
    'a header that the record lacks',
    app => app.to('out', { value, headers: onlyOf([{ key: 'trace', value: undefined }], []) }),
    'the value of header 0 is undefined',
  ],
  [
    'a header after a good one as text',
    app =>
      app.to('out', {
        value,
        headers: onlyOf(
          [
            { key: 'a', value: null },
            { key: 'b', value: 'x' },
          ],
          [],
        ),
      }),
    'the value of header 1 is a string',
  ],
  [
    'no headers',
    app => app.to('out', { value, headers: onlyOf(undefined, []) }),
    'its headers are undefined',
  ],
  ['a time with a fraction', app => app.to('out', { value, timestamp: onlyOf(1.5, 1) }), 'timestamp is 1.5'],
  ['a time that is NaN', app => app.to('out', { value, timestamp: onlyOf(Number.NaN, 1) }), 'is NaN'],
  ['a time before 1970', app => app.to('out', { value, timestamp: onlyOf(-1, 1) }), 'is -1'],
  [
    'a time beyond 2^53',
    app => app.to('out', { value, timestamp: onlyOf(2 ** 53, 1) }),
    'is 9007199254740992',
  ],
  ['a time as a Date', app => app.to('out', { value, timestamp: onlyOf(new Date(), 1) }), 'is an object'],
  ['no time', app => app.to('out', { value, timestamp: onlyOf(undefined, 1) }), 'is undefined'],
  [
    'a promised partition',
    app =>
      app.to('out', { value, partition: odd((r: KafkaRecord) => (r.value === 'bad' ? rejecting() : 0)) }),
    'a promise',
  ],
];

describe('a record that Kafka has no place for', () => {
  const run = async (
    sink: (app: App) => Observer<KafkaRecord<Buffer | null, string>>,
    options: TestAppOptions,
  ) => {
    const test = await testApp(app => app.topic('in', { value }).subscribe(sink(app)), {
      commit: { every: 1 },
      ...options,
    });
    let error: unknown;
    try {
      test.pipeIn('in', [{ value: 'a' }, { value: 'bad' }, { value: 'b' }]);
    } catch (thrown) {
      error = thrown;
    }
    await test.idle();
    return { test, error: error as KafkaRxError | undefined };
  };

  test.each(made)(
    '(%s) is an encode problem of that record, told without what it holds',
    async (_, sink, told) => {
      const { test, error } = await run(sink, {});
      expect(error).toMatchObject({ code: 'ENCODE', message: expect.stringContaining(told) });
      expect(error?.message).not.toContain('4111');
      expect(test.read('out', { value }).map(record => record.value)).toEqual(['a']);
      expect(test.committed('in')).toEqual([1]);
    },
  );

  test.each(made)(
    '(%s) is skipped where the policy says so, and its neighbours are written',
    async (_, sink) => {
      const { test, error } = await run(sink, { policies: { encode: 'skip' } });
      expect(error).toBeUndefined();
      expect(test.read('out', { value }).map(record => record.value)).toEqual(['a', 'b']);
      expect(test.committed('in')).toEqual([3]);
    },
  );
});

test('a record of a producer that set no time is written with the time of writing', async () => {
  const test = await testApp(app => app.topic('in', { value }).subscribe(app.to('out', { value })));
  test.pipeIn('in', [{ value: 'a', timestamp: -1 }]);
  const [written] = test.read('out', { value });
  expect(written?.timestamp).toBe(Math.trunc(test.clock.now()));
});

test('a codec may write into one buffer again and again', async () => {
  const shared = Buffer.alloc(1);
  const reusing = encoding(text => {
    shared.write(text);
    return shared;
  });
  const test = await testApp(app => app.topic('in', { value }).subscribe(app.to('out', { value: reusing })));
  test.pipeIn('in', [{ value: 'a' }, { value: 'b' }, { value: 'c' }]);
  expect(test.read('out', { value }).map(record => record.value)).toEqual(['a', 'b', 'c']);
});

test('a dead letter that cannot be appended fails the app, and its record stays uncommitted', async () => {
  const broker = new MemoryBroker();
  for (const topic of ['in', 'dead']) broker.createTopic(topic, 1);
  broker.publish('in', [{ value: 'a' }]);
  const app = createApp({
    groupId: 'g',
    // As a driver answers what Kafka has no place for.
    driver: withProducer(memory({ broker }), {
      close: async () => {},
      output: () => ({
        append: () => {
          throw new KafkaRxError('ENCODE', 'its timestamp is NaN');
        },
      }),
    }),
    policies: { process: 'dead-letter' },
    deadLetters: { topic: 'dead' },
  });
  const fails = mapValue((): string => {
    throw new Error('no');
  });
  app
    .topic('in', { value })
    .pipe(fails)
    .subscribe(app.each(() => {}));
  await expect(app.run()).rejects.toMatchObject({
    code: 'PRODUCE',
    at: { topic: 'in', offset: 0 },
    message: expect.stringContaining('its timestamp is NaN'),
  });
  expect(broker.committed('g', 'in')).toEqual([-1]);
});
