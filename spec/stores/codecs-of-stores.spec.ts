import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as t from 'io-ts';
import type { Codec } from '../../lib/codecs/codec.js';
import { json } from '../../lib/codecs/json.js';
import type { KafkaRxError } from '../../lib/errors/errors.js';
import { lmdb } from '../../lib/stores/lmdb.js';
import { memoryStore } from '../../lib/stores/memory-store.js';
import type { Document, DocumentStore, StoreOptions } from '../../lib/stores/port.js';

const folder = mkdtempSync(join(tmpdir(), 'kafka-rx-codecs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let folders = 0;

type Options = StoreOptions<unknown> & { readonly value: Codec<unknown>; readonly readOnly?: boolean };
const makers: readonly (readonly [string, (options: Options) => DocumentStore<unknown>])[] = [
  ['memoryStore', options => memoryStore<unknown>('history', { directory: folder, ...options })],
  ['lmdb', options => lmdb<unknown>('history', { directory: join(folder, `${++folders}`), ...options })],
];

const origin = 'a6cN4xWpQ0mYxg3TBQkQ8A/b7dO5yXqR1nZyh4UCRlR9B';

function document(offset: number, value: unknown): Document<unknown> {
  return { source: { origin, partition: 3, offset, ordinal: '' }, value, timestamp: offset };
}

async function all(store: AsyncIterable<{ readonly value: unknown }>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { value } of store) found.push(value);
  return found;
}

async function write(store: DocumentStore<unknown>, ...values: readonly unknown[]): Promise<unknown> {
  try {
    return await store.write(values.map((value, offset) => document(offset, value)));
  } catch (error) {
    return error;
  }
}

const anyValue = json(t.unknown) as Codec<unknown>;

describe.each(makers)('%s with a codec', (_, make) => {
  let store: DocumentStore<unknown>;
  const opened = async (options: Options): Promise<DocumentStore<unknown>> => {
    store = make(options);
    await store.open();
    return store;
  };
  afterEach(() => store.close());

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['a Map', new Map()],
    ['a bigint', { n: 1n }],
    ['NaN', [Number.NaN]],
    ['an integer beyond 2^53', 2 ** 60],
  ])('refuses what the codec refuses, and stores nothing of that write: %s', async (_name, value) => {
    await opened({ value: anyValue });
    expect(await write(store, 'before', value)).toMatchObject({ code: 'ENCODE' });
    expect(await store.count()).toBe(0);
  });

  test('gives what the codec reads, and no reference to what was handed over', async () => {
    await opened({ value: json(t.strict({ id: t.string })) as Codec<unknown>, by: { all: () => 'x' } });
    const given = { id: 'a', extra: 1, at: undefined };
    await write(store, given);
    given.id = 'changed';
    expect(await all(store.by('all', 'x'))).toStrictEqual([{ id: 'a' }]);
    expect(await store.get(`${origin}/3/0`)).toMatchObject({ value: { id: 'a' } });
  });

  test('copies what a codec writes into one buffer again and again', async () => {
    const buffer = Buffer.alloc(1);
    const reusing: Codec<unknown> = {
      name: 'reusing',
      decode: bytes => bytes?.[0],
      encode(value) {
        buffer[0] = Number(value);
        return buffer;
      },
    };
    await opened({ value: reusing });
    await write(store, 1, 2, 3);
    expect(await all(store.byTime())).toEqual([1, 2, 3]);
  });

  test('refuses what is neither bytes nor null', async () => {
    await opened({ value: { name: 'odd', decode: () => 1, encode: () => 'text' as never } });
    expect(await write(store, 1)).toMatchObject({
      code: 'ENCODE',
      message: expect.stringContaining('codec odd'),
    });
  });

  const strange = (reads: (bytes: Buffer | null) => unknown): Codec<unknown> => ({
    name: 'strange',
    decode(bytes, at) {
      if (String(bytes) === '"bad"') return reads(bytes);
      return anyValue.decode(bytes, at);
    },
    encode: value => anyValue.encode(value),
  });
  const notRead = json(t.number) as Codec<unknown>;
  test.each<[string, Codec<unknown>, string]>([
    [
      'the codec refuses it',
      strange(bytes => notRead.decode(bytes, { topic: origin, partition: 3, offset: 1 })),
      'the value is not of type number',
    ],
    [
      'the codec throws',
      strange(() => {
        throw new TypeError('bad 4111111111111111');
      }),
      'threw TypeError',
    ],
  ])(
    'names store, document and remedy where %s, and goes on where somebody hears of it',
    async (_why, value, why) => {
      await opened({ value, by: { all: () => 'x' } });
      await write(store, 'one', 'bad', 'two');
      const expected = {
        code: 'DECODE',
        message: expect.stringMatching(
          /store history.* cannot read the document '.*\/3\/1' \(partition 3, offset 1\): /,
        ),
        remedy: expect.stringContaining('onUnreadable'),
      };
      for (const scan of [() => store.byTime(), () => store.by('all', 'x')]) {
        const error: KafkaRxError = await all(scan()).then(
          () => undefined as never,
          (reason: KafkaRxError) => reason,
        );
        expect(error).toMatchObject(expected);
        expect(error.message).toContain(why);
        expect(error.message).not.toContain('(topic ');
        expect(error.message).not.toContain('4111');
        expect(error.remedy).not.toContain('policy');
      }
      await expect(store.get(`${origin}/3/1`)).rejects.toMatchObject(expected);
    },
  );

  test('goes on behind a document that cannot be read where somebody hears of it', async () => {
    const heard: KafkaRxError[] = [];
    const value = strange(() => {
      throw new Error('no');
    });
    await opened({ value, by: { all: () => 'x' }, onUnreadable: error => heard.push(error) });
    await write(store, 'one', 'bad', 'two', 'bad');
    expect(await all(store.byTime())).toEqual(['one', 'two']);
    expect(await all(store.by('all', 'x'))).toEqual(['one', 'two']);
    expect(heard.map(({ code }) => code)).toEqual(['DECODE', 'DECODE', 'DECODE', 'DECODE']);
    await expect(store.get(`${origin}/3/1`)).rejects.toMatchObject({ code: 'DECODE' });
  });

  const alarm = new Error('the alarm service is away');
  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw alarm;
      },
    ],
    ['rejects', () => Promise.reject(alarm)],
    // biome-ignore lint/suspicious/noThenProperty: a thenable of somebody else's is the case.
    ['gives a thenable that rejects', () => ({ then: (_: unknown, no: (e: Error) => void) => no(alarm) })],
  ])('a function that hears of it and %s ends the scan with that, and nothing else', async (_how, hear) => {
    const value = strange(() => {
      throw new Error('no');
    });
    const unheard: unknown[] = [];
    const note = (reason: unknown): void => void unheard.push(reason);
    process.on('unhandledRejection', note);
    // The type lets an asynchronous one pass.
    await opened({ value, by: { all: () => 'x' }, onUnreadable: hear as () => void });
    await write(store, 'one', 'bad', 'two');
    await expect(all(store.byTime())).rejects.toBe(alarm);
    await expect(all(store.by('all', 'x'))).rejects.toBe(alarm);
    await new Promise(resolve => setTimeout(resolve, 20));
    process.off('unhandledRejection', note);
    expect(unheard).toEqual([]);
  });

  test('a scan waits for an asynchronous function that hears of it', async () => {
    const value = strange(() => {
      throw new Error('no');
    });
    const heard: string[] = [];
    const onUnreadable = async (error: KafkaRxError): Promise<void> => {
      await new Promise(resolve => setTimeout(resolve, 5));
      heard.push(error.code);
    };
    await opened({ value, onUnreadable });
    await write(store, 'bad', 'two', 'bad');
    const found: unknown[] = [];
    for await (const { value } of store.byTime()) found.push(value, ...heard);
    expect(found).toEqual(['two', 'DECODE']);
    expect(heard).toEqual(['DECODE', 'DECODE']);
  });

  test.each<[object, string]>([
    [{ direktory: '/x' }, "direktory is no option; 'directory' is"],
    [{ value: 'json' }, 'value must be a codec'],
    [{ directory: 5 }, 'directory must be text'],
    [{ snapshotMs: 'long' }, 'snapshotMs must be'],
    [{ onUnreadable: 'skip' }, "onUnreadable must be 'fail' or a function"],
  ])('refuses options that cannot be: %j', (options, message) => {
    store = make({ value: anyValue });
    expect(() => make({ value: anyValue, ...options } as Options)).toThrow(message);
  });
});

test('memoryStore refuses the same options, and writes where it is for reading', async () => {
  for (const options of [{ direktory: '/x' }, { value: 'json' }, { directory: 5 }, { snapshotMs: 'long' }])
    expect(() => memoryStore('history', options as never)).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION' }),
    );
  const store = memoryStore<unknown>('history', { readOnly: true });
  await store.open();
  expect(await write(store, 1)).toMatchObject({
    code: 'STORE',
    message: expect.stringContaining('for reading only'),
  });
});

test('memoryStore without a codec keeps values by reference, and refuses what no codec has bytes for', async () => {
  const store = memoryStore<unknown>('history');
  await store.open();
  const value = new Map();
  expect(await write(store, value)).toBeUndefined();
  expect(store.documents()[0]?.value).toBe(value);
  for (const nothing of [undefined, () => 1, Symbol('x')])
    expect(await write(store, nothing)).toMatchObject({ code: 'ENCODE' });
});
