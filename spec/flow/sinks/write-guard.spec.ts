/** What a store makes of a document, its bytes, ids, terms and times, is looked at as it is written. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as t from 'io-ts';
import { type App, type AppOptions, createApp, json, memoryStore, retry } from 'kafka-rx';
import { type LmdbOptions, lmdb } from 'kafka-rx/lmdb';
import { MemoryBroker, memory } from 'kafka-rx/memory';
import { mapValue, mask } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';

const Raw = t.strict({ id: t.string, card: t.string });
const number = '4111-1111-1111-1111';
const digits = '4111111111111111';

/** What the app of one store on disk ends with, and whether the number is on the disk then. */
async function written(
  make: (raw: string) => unknown,
  store: Partial<LmdbOptions<unknown, string>>,
  options: Partial<AppOptions> = {},
) {
  const directory = mkdtempSync(join(tmpdir(), 'kafka-rx-guard-'));
  try {
    const broker = new MemoryBroker();
    broker.createTopic('in', 1);
    broker.publish('in', [{ value: JSON.stringify({ id: 'c1', card: number }) }]);
    const app = createApp({ groupId: 'g', driver: memory({ broker }), commit: { every: 1 }, ...options });
    const history = lmdb<unknown, string>('s', { directory, value: json(t.unknown), ...store });
    app
      .topic('in', { value: json(Raw) })
      .pipe(
        mask('card'),
        mapValue(value => make(number) ?? value),
      )
      .subscribe(app.store(history));
    let error: unknown;
    const run = app.run().catch(thrown => {
      error = thrown;
    });
    for (let i = 0; i < 400 && error === undefined && broker.committed('g', 'in')[0] !== 1; i++) {
      await new Promise(resolve => setTimeout(resolve, 5));
    }
    await app.stop();
    await run;
    const onDisk = readdirSync(directory).some(file => {
      const bytes = readFileSync(join(directory, file));
      return bytes.includes(number) || bytes.includes(digits);
    });
    return { error, onDisk, committed: broker.committed('g', 'in') };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const refusal = expect.objectContaining({ code: 'GUARD', at: { topic: 'in', partition: 0, offset: 0 } });

class Dated extends Date {
  override toJSON(): string {
    return JSON.stringify({ card: digits });
  }
}

describe('what a store on disk makes of a document', () => {
  test('is written where nothing is in it', async () => {
    const by = { id: (value: unknown) => (value as { id: string }).id };
    expect(await written(() => undefined, { by, id: by.id })).toEqual({
      error: undefined,
      onDisk: false,
      committed: [1],
    });
  });

  test.each<[string, Partial<LmdbOptions<unknown, string>>]>([
    ['a term', { by: { pan: () => number } }],
    ['a term, of several parts', { by: { pan: () => `4111${'1'.repeat(12)}` } }],
    ['an id', { id: () => digits }],
    ['a time', { time: () => new Date(Number(digits)) }],
  ])('is refused where the masked number is in %s', async (_, store) => {
    expect(await written(() => undefined, store)).toEqual({
      error: refusal,
      onDisk: false,
      committed: [-1],
    });
  });

  test('a term of two harmless fields is refused by a guard that scans', async () => {
    const store = { by: { pan: () => '41111111'.concat('11111111') } };
    const options = { guard: { scan: true } };
    expect(await written(() => ({ bin: '41111111', rest: '11111111' }), store, options)).toEqual({
      error: refusal,
      onDisk: false,
      committed: [-1],
    });
  });

  test.each<[string, (raw: string) => unknown]>([
    ['boxed text', raw => ({ a: [{ card: new String(raw) }] })],
    ['a boxed number', () => ({ x: { card: new Number(digits) } })],
    ['numbers of eight bytes', () => ({ x: { card: new Float64Array([Number(digits)]) } })],
    ['an address', raw => ({ x: { card: new URL(`http://x/${raw}`) } })],
    [
      'a Date with a toJSON of its own',
      () => ({ x: Object.assign(new Date(), { toJSON: () => ({ card: digits }) }) }),
    ],
    [
      'bytes with a toJSON of their own',
      () => ({ x: Object.assign(new Uint8Array(1), { toJSON: () => ({ card: digits }) }) }),
    ],
    ['a class of Dates', () => ({ x: new Dated() })],
    [
      'a toJSON that answers otherwise the next time',
      () => {
        let asked = 0;
        return { x: { toJSON: () => ({ card: ++asked > 1 ? digits : 'xxxx' }) } };
      },
    ],
    ['a list with a toJSON', () => ({ x: Object.assign([], { toJSON: () => ({ card: digits }) }) })],
  ])('%s does not carry a number past the guard', async (_, make) => {
    const { onDisk, error, committed } = await written(make, {});
    expect(onDisk).toBe(false);
    expect({ error, committed }).toEqual({ error: refusal, committed: [-1] });
  });

  test('whenever a toJSON changes its mind, the number is not on the disk', async () => {
    for (let late = 1; late < 6; late++) {
      let asked = 0;
      const make = () => ({ x: { toJSON: () => ({ card: ++asked > late ? digits : 'xxxx' }) } });
      expect(await written(make, {})).toMatchObject({ onDisk: false });
    }
  });

  test('what may not be written is not tried again, and takes no other document along', async () => {
    const store = memoryStore<{ id: string; card: string }, 'pan'>('s', {
      by: { pan: ({ id }) => (id === 'bad' ? digits : id) },
    });
    const app = await testApp(
      (app: App) => {
        app
          .topic('in', { value: json(Raw) })
          .pipe(mask('card'))
          .subscribe(
            app.store(store, {
              onStoreError: retry({ attempts: Number.POSITIVE_INFINITY, otherwise: 'fail' }),
            }),
          );
      },
      { commit: { every: 1 }, policies: { encode: 'skip' } },
    );
    app.pipeIn(
      'in',
      ['a', 'bad', 'b'].map(id => ({ value: { id, card: number } })),
    );
    await app.idle();
    expect(store.documents().map(({ value }) => value.id)).toEqual(['a', 'b']);
    expect(app.committed('in')).toEqual([3]);
    await app.stop();
  });
});

describe('beside the value, in a topic', () => {
  async function sent(options: object, guard = {}) {
    const app = await testApp(
      (app: App) => {
        app
          .topic('in', { value: json(Raw) })
          .pipe(mask('card'))
          .subscribe(app.to('out', { value: json(t.unknown), ...options }));
      },
      { commit: { every: 1 }, guard, policies: { encode: 'skip' } },
    );
    app.pipeIn('in', [{ value: { id: 'c1', card: number } }]);
    await app.idle();
    const records = app.broker.records('out').length;
    await app.stop();
    return records;
  }

  test.each<[string, object]>([
    ['a timestamp', { timestamp: () => Number(digits) }],
    [
      'a key in UTF-16',
      {
        key: { name: 'wide', decode: () => '', encode: () => Buffer.from(number, 'utf16le') },
        keyBy: () => '',
      },
    ],
    [
      'a header of the field’s name in UTF-16',
      { headers: () => [{ key: 'card', value: Buffer.from(number, 'utf16le') }] },
    ],
  ])('%s does not carry the number that the value shows masked', async (_, options) => {
    expect(await sent(options)).toBe(0);
  });

  test('a timestamp is scanned from the year 2286 on', async () => {
    const dropping = { value: { ...json(t.unknown), encode: () => Buffer.from('{}') } };
    expect(await sent({ ...dropping, timestamp: () => Number(digits) }, { scan: true })).toBe(0);
    expect(await sent({ ...dropping, timestamp: () => 4_111_111_111_116 }, { scan: true })).toBe(1);
  });
});
