import * as t from 'io-ts';
import { type App, type Codec, createApp, json, memoryStore, readDeadLetter, string } from 'kafka-rx';
import { memory } from 'kafka-rx/memory';
import { mapValue, mask } from 'kafka-rx/operators';
import { type TestAppOptions, testApp } from 'kafka-rx/testing';
import { share } from 'rxjs';

const Raw = t.strict({ card: t.string, note: t.string });
const raw = { card: '4111-1111-1111-1111', note: 'a note' };
const at = { topic: 'in', partition: 0, offset: 0 };

async function refusalOf(topology: (app: App) => void, value: unknown, options: TestAppOptions = {}) {
  const test = await testApp(topology, { commit: { every: 1 }, ...options });
  let error: unknown;
  try {
    test.pipeIn('in', [value as { value: unknown }]);
    await test.idle();
  } catch (thrown) {
    error = thrown;
  }
  await test.idle();
  return { error, test };
}

describe('the guard', () => {
  test('a field that is masked in one branch is refused unmasked in any other topic', async () => {
    const { error, test } = await refusalOf(
      app => {
        const records = app.topic('in', { value: json(Raw) }).pipe(share());
        records.subscribe(app.to('raw', { value: json(Raw) }));
        records.pipe(mask('card')).subscribe(app.to('masked', { value: json(t.UnknownRecord) }));
      },
      { value: raw },
    );
    expect(error).toMatchObject({
      code: 'GUARD',
      at,
      path: 'card',
      message: expect.stringMatching(
        /^'raw' was about to write the field 'card' unmasked .*Put mask before this sink/,
      ),
    });
    expect(String(error)).not.toContain('4111');
    expect(test.broker.records('raw')).toEqual([]);
    expect(test.committed('in')).toEqual([-1]);
  });

  test('and in any store', async () => {
    const store = memoryStore<t.TypeOf<typeof Raw>>('history');
    const { error } = await refusalOf(
      app => {
        const records = app.topic('in', { value: json(Raw) }).pipe(share());
        records.subscribe(app.store(store));
        records.pipe(mask('card')).subscribe(app.to('masked', { value: json(t.UnknownRecord) }));
      },
      { value: raw },
    );
    expect(error).toMatchObject({ code: 'GUARD', at });
    expect(store.documents()).toEqual([]);
  });

  test('fields can be named without a mask operator, at any depth and in arrays', async () => {
    const Nested = t.strict({ payments: t.array(t.strict({ card: t.string })) });
    const run = (card: string) =>
      refusalOf(
        app => app.topic('in', { value: json(Nested) }).subscribe(app.to('out', { value: json(Nested) })),
        { value: { payments: [{ card: 'xxxx-xxxx-xxxx-1111' }, { card }] } },
        { guard: { fields: ['payments.*.card'] } },
      );
    expect((await run('4111111111111111')).error).toMatchObject({ code: 'GUARD', path: 'payments.*.card' });
    expect((await run('xxxxxxxxxxxx1111')).error).toBeUndefined();
  });

  test('a misspelt field is refused by run(), where all codecs tell what they declare', async () => {
    const Nested = t.strict({ payment: t.strict({ card: t.string }) });
    const run = (path: string, other: Codec<unknown> = json(Nested) as Codec<unknown>) =>
      testApp(
        app =>
          app
            .topic('in', { value: json(Nested) })
            .subscribe(app.to('out', { value: other, keyBy: () => null })),
        { guard: { fields: ['payment.card', path] } },
      );
    await expect(run('payment.crad')).rejects.toMatchObject({
      code: 'CONFIGURATION',
      path: 'payment.crad',
      message: expect.stringContaining("names 'payment.crad', which nothing declares (in, out)"),
    });
    await expect(run('card')).rejects.toMatchObject({ code: 'CONFIGURATION' });
    for (const path of ['', 'a..b', '__proto__.x', 7 as never]) {
      await expect(run(path)).rejects.toMatchObject({ code: 'CONFIGURATION' });
    }
    const unknown: Codec<unknown> = { name: 'own', decode: bytes => bytes, encode: () => null };
    await (await run('payment.crad', unknown)).stop();
  });

  test.each<[string, (card: string) => unknown, boolean]>([
    ['a Buffer', card => ({ note: Buffer.from(`by ${card}`) }), true],
    ['a Buffer itself', card => Buffer.from(card), true],
    ['a Map', card => new Map([['note', card]]), true],
    ['a key of a Map', card => new Map([[card, 1]]), true],
    ['a Set', card => ({ seen: new Set([[card]]) }), true],
    ['a typed array', card => new Uint8Array(Buffer.from(card)), true],
    ['an ArrayBuffer', card => ({ bytes: new Uint8Array(Buffer.from(card)).buffer }), true],
    ['a DataView', card => new DataView(new Uint8Array(Buffer.from(card)).buffer), true],
    ['a bigint', card => ({ note: BigInt(card) }), true],
    ['a number', card => ({ note: Number(card) }), true],
    ['a name of a field', card => ({ [card]: 1 }), true],
    ['a symbol', card => ({ [Symbol(card)]: 1 }), true],
    ['a hidden field', card => Object.defineProperty({}, 'note', { value: card }), true],
    ['an inherited field', card => Object.create({ note: card }), true],
    [
      'an accessor',
      card => ({
        get note() {
          return card;
        },
      }),
      true,
    ],
    [
      'an accessor of a class',
      card =>
        new (class {
          get note() {
            return card;
          }
        })(),
      true,
    ],
    ['a Proxy', card => new Proxy({}, { get: () => card }), true],
    ['a toJSON', card => ({ toJSON: () => card }), true],
    ['an Error', card => new Error(card), true],
    ['a function', card => ({ note: () => card }), true],
    ['a promise', card => ({ note: Promise.resolve(card) }), true],
    [
      'none',
      () => ({ b: Buffer.from('x'), m: new Map([[1, new Set([2n])]]), d: new Date(0), n: null, l: [1.5] }),
      false,
    ],
    [
      'none in an instance',
      () =>
        new (class Sale {
          id = 'a';
          total() {
            return 1;
          }
        })(),
      false,
    ],
  ])('scanning refuses a document with a card in %s', async (_, make, refused) => {
    const store = memoryStore<unknown>('history');
    const { error } = await refusalOf(
      app =>
        app
          .topic('in', { value: string })
          .pipe(mapValue(() => make('4111111111111111')))
          .subscribe(app.store(store)),
      { value: 'x' },
      { guard: { scan: true } },
    );
    if (refused) expect(error).toMatchObject({ code: 'GUARD', at });
    else expect(error).toBeUndefined();
    expect(String(error)).not.toContain('4111');
    expect(store.documents()).toHaveLength(refused ? 0 : 1);
  });

  test.each([
    ['a bigint', 4111111111111111n],
    ['a number', 4111111111111111],
    ['an array', ['4111111111111111']],
    ['an object', { number: '4111111111111111' }],
    ['a Buffer', Buffer.from('4111111111111111')],
  ])('%s in a field of the guard is not masked text: no sink takes it', async (_, card) => {
    const store = memoryStore<unknown>('history');
    for (const sink of [
      (app: App) => app.store(store),
      (app: App) => app.to('out', { value: json(t.unknown), keyBy: () => null }),
      (app: App) =>
        app.to('out', { value: json(t.type({ card: t.unknown })) as Codec<unknown>, keyBy: () => null }),
    ]) {
      const { error, test } = await refusalOf(
        app =>
          app
            .topic('in', { value: string })
            .pipe(mapValue((): unknown => ({ card })))
            .subscribe(sink(app)),
        { value: 'x' },
        { guard: { fields: ['card'] } },
      );
      // JSON has no bigint at all.
      expect(['GUARD', 'ENCODE']).toContain((error as { code: string }).code);
      expect(test.metrics.value('kafka_rx_records_produced_total') ?? 0).toBe(0);
    }
    expect(store.documents()).toEqual([]);
  });

  test.each([
    [
      'value',
      (app: App) => app.to('out', { value: string, keyBy: () => 'k' }),
      { value: 'paid with 4111 1111 1111 1111' },
    ],
    [
      'key',
      (app: App) => app.to('out', { value: string, keyBy: (_, r) => String(r.header('card')) }),
      {
        value: 'paid',
        headers: [{ key: 'card', value: Buffer.from('4111111111111111') }],
      },
    ],
    [
      'header',
      (app: App) => app.to('out', { value: string, headers: ['card'] }),
      {
        value: 'paid',
        headers: [{ key: 'card', value: Buffer.from('4111-1111-1111-1111') }],
      },
    ],
    [
      'header',
      (app: App) =>
        app.to('out', { value: string, headers: () => [{ key: '4111111111111111', value: null }] }),
      { value: 'a name' },
    ],
  ])('scanning finds a card number in the %s, and nothing is written', async (what, sink, record) => {
    const topology = (app: App): void => void app.topic('in', { value: string }).subscribe(sink(app));
    const { error, test } = await refusalOf(topology, record, { guard: { scan: true } });
    expect(error).toMatchObject({
      code: 'GUARD',
      at,
      message: expect.stringContaining(`a card number in the ${what}`),
    });
    expect(String(error)).not.toMatch(/4111/);
    expect(test.broker.records('out')).toEqual([]);
    expect((await refusalOf(topology, record)).error).toBeUndefined();
  });

  test('scanning finds a card number in a document, and refuses one that it cannot search', async () => {
    const run = async (value: (text: string) => unknown) => {
      const store = memoryStore<unknown>('history');
      const { error } = await refusalOf(
        app => app.topic('in', { value: string }).pipe(mapValue(value)).subscribe(app.store(store)),
        { value: '4111-1111-1111-1111' },
        { guard: { scan: true } },
      );
      return { error, stored: store.documents().length };
    };
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(await run(text => ({ deep: [{ note: text }] }))).toMatchObject({
      error: { code: 'GUARD' },
      stored: 0,
    });
    expect(await run(() => circle)).toMatchObject({ error: { code: 'GUARD' }, stored: 0 });
    expect(await run(() => ({ note: 'xxxx-xxxx-xxxx-1111' }))).toMatchObject({ error: undefined, stored: 1 });
  });

  test('what it refuses is a problem of the stage encode: skipped or a dead letter where the policy says so', async () => {
    const { error, test } = await refusalOf(
      app => app.topic('in', { value: string }).subscribe(app.to('out', { value: string })),
      { value: '4111111111111111' },
      { guard: { scan: true }, policies: { encode: 'dead-letter' }, deadLetters: { topic: 'dead' } },
    );
    expect(error).toBeUndefined();
    expect(test.broker.records('out')).toEqual([]);
    const [letter] = test.broker.records('dead');
    expect(readDeadLetter(letter?.headers ?? [])?.reason).toBe('GUARD');
    expect(String(letter?.value)).not.toContain('4111');
    expect(JSON.stringify(letter?.headers.map(({ key, value }) => [key, String(value)]))).not.toContain(
      '4111',
    );
    expect(test.committed('in')).toEqual([1]);
  });
});

describe('guard.allow takes no path that can never match', () => {
  const Order = t.strict({
    card: t.string,
    lines: t.array(t.strict({ number: t.string, more: t.record(t.string, t.strict({ number: t.string })) })),
  });
  const out = json(Order) as Codec<unknown>;
  const own: Codec<unknown> = { name: 'own', decode: bytes => bytes, encode: () => null };
  const run = async (
    allow: readonly unknown[],
    sinks: readonly Codec<unknown>[] = [out],
    key?: Codec<unknown>,
  ): Promise<void> => {
    const test = await testApp(
      app => {
        const source = app.topic('in', { value: own });
        for (const value of sinks) {
          const keyed = key === undefined ? { keyBy: () => null } : { key, keyBy: () => 'k' };
          source.subscribe(app.to('out', { value, ...keyed } as never));
        }
        source.subscribe(app.each(() => {}));
      },
      { guard: { allow: allow as never } },
    );
    await test.stop();
  };

  test.each([
    ['lines.*.nubmer', 'lines.*.number'],
    ['lines.number', 'lines.*.number'],
    ['line.*.number', 'lines.*.number'],
    ['lines.*.more.any.numbre', 'lines.*.more.*.number'],
    ['Lines.*.Number', 'lines.*.number'],
    ['crad', 'card'],
    ['card.number', undefined],
    ['nothing.of.it', undefined],
  ])('%s is refused by run(), with the nearest one', async (path, meant) => {
    await expect(run(['lines.*.number', path])).rejects.toMatchObject({
      code: 'CONFIGURATION',
      path,
      message: expect.stringContaining(`guard.allow names '${path}', which nothing declares (out)`),
      remedy: meant === undefined ? expect.stringContaining('Correct') : `Write '${meant}'`,
    });
  });

  test.each<[unknown, string | undefined]>([
    ['lines[0].number', "Write 'lines.0.number'"],
    ['lines[*].number', "Write 'lines.*.number'"],
    ["lines['number']", "Write 'lines.number'"],
    ['$.card', "Write 'card'"],
    ['/lines/number', "Write 'lines.number'"],
    [' card', "Write 'card'"],
    ['lines. number', "Write 'lines.number'"],
    ['lines..number', "Write 'lines.number'"],
    ['lines.', "Write 'lines'"],
    ['', undefined],
    ['.', undefined],
    ['a.__proto__', undefined],
    [7, undefined],
    [null, undefined],
    [['card'], undefined],
    [Symbol('card'), undefined],
  ])('%p is refused by createApp', (path, remedy) => {
    for (const option of ['allow', 'fields']) {
      const options = { groupId: 'g', driver: memory(), guard: { [option]: ['card', path] } };
      let thrown: unknown;
      try {
        createApp(options as never);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({
        code: 'CONFIGURATION',
        message: expect.stringContaining(`guard.${option}.1 must be a path`),
        ...(remedy === undefined ? {} : { remedy }),
      });
    }
  });

  test.each([
    ['lines.*.number'],
    ['lines.0.number'],
    ['lines.*.more.any name.number'],
    ['lines.*.more.*.number'],
    ['*.*.number'],
    ['card'],
  ])('%s may be', async path => {
    await run([path]);
  });

  test('nothing is known where one of the sinks does not tell what it writes; a key that tells is asked too', async () => {
    await run(['crad'], [out, own]);
    await run(['crad'], [json(t.unknown)]);
    await run(['crad'], []);
    await run(['shop'], [out], json(t.strict({ shop: t.string })) as Codec<unknown>);
    await expect(run(['shop'])).rejects.toMatchObject({ code: 'CONFIGURATION' });
  });

  test('fields too are refused with the nearest one', async () => {
    const test = testApp(
      app =>
        app
          .topic('in', { value: json(Order) })
          .subscribe(app.to('out', { value: json(Order), keyBy: () => null })),
      { guard: { fields: ['lines.*.nubmer'] } },
    );
    await expect(test).rejects.toMatchObject({ remedy: "Write 'lines.*.number'" });
  });
});
