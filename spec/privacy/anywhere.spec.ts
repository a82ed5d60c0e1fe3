import * as t from 'io-ts';
import { type App, bytes, type Codec, json, type KafkaRecord, memoryStore, string } from 'kafka-rx';
import { batch, mapKey, mapValue, mask } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';
import { groupBy, mergeMap, type Observable, of, share, switchMap } from 'rxjs';

const raw = '4111-1111-1111-1111';
const masked = 'xxxx-xxxx-xxxx-1111';

/** The user's own: what it gives is what is written. */
const asBytes = (encode: (value: never) => Buffer): Codec<unknown> => ({
  name: 'own',
  decode: given => given,
  encode: encode as (value: unknown) => Buffer,
});
const own = asBytes(value => Buffer.from(JSON.stringify(value)));

interface Sale {
  readonly id: string;
  readonly card: unknown;
}

type Sales = Observable<KafkaRecord<Buffer | null, Sale>>;

/** What two sales of one card leave behind in `out` and a store, behind a topology that masks `path`. */
async function left(
  wire: (sales$: Sales, out: (options?: object) => never, store: never, app: App) => void,
  {
    path = 'card',
    card = raw as unknown,
    guard = {},
    pattern = undefined as RegExp | undefined,
    headers = [] as never[],
    key = null as string | null,
  } = {},
) {
  const store = memoryStore<unknown>('history');
  let toOut = false;
  const test = await testApp(
    app => {
      const sales$ = app.topic('in', { value: json(t.unknown) }).pipe(share()) as unknown as Sales;
      const to = (options: object = {}) => {
        toOut = true;
        return app.to('out', { value: json(t.unknown), keyBy: () => null, ...options } as never) as never;
      };
      // First: what the others write is looked at by a guard that knows of it.
      sales$
        .pipe(mask(path as never, pattern === undefined ? { optional: true } : { optional: true, pattern }))
        .subscribe(app.to('masked', { value: json(t.unknown), keyBy: () => null }) as never);
      wire(sales$, to, app.store(store as never) as never, app);
    },
    { policies: { encode: 'skip', process: 'skip' }, guard },
  );
  for (const id of ['a', 'b']) test.pipeIn('in', [{ key, value: { id, card } as never, headers }]);
  await test.idle();
  const out = toOut ? test.broker.records('out') : [];
  const documents = store.documents().map(({ value }) => value);
  await test.stop();
  return { out, documents, texts: out.map(({ value }) => String(value)) };
}

const Wrapped = t.strict({ wrapped: t.strict({ id: t.string, card: t.unknown }) });
const Plain = t.strict({ wrapped: t.strict({ id: t.string, card: t.string }) });
const List = t.array(t.strict({ id: t.string, card: t.string }));

describe('a masked field is known wherever in a document it stands', () => {
  const shapes: readonly [string, (sale: Sale) => unknown, Codec<unknown>][] = [
    ['in another object', sale => ({ wrapped: sale }), json(t.unknown)],
    ['in an object of a type', sale => ({ wrapped: sale }), json(Plain) as Codec<unknown>],
    ['in an open part of a type', sale => ({ wrapped: sale }), json(Wrapped) as Codec<unknown>],
    ['in a list', sale => [sale], json(t.unknown)],
    ['in a list of a type', sale => [sale], json(List) as Codec<unknown>],
    ['deep', sale => ({ a: [{ b: { c: [sale] } }] }), json(t.unknown)],
    ['deep, of a codec of the user’s', sale => ({ a: [{ b: sale }] }), own],
    [
      'as bytes of another format',
      sale => ({ wrapped: sale }),
      asBytes(({ wrapped }: { wrapped: Sale }) => Buffer.from(`\u0001${wrapped.card}`)),
    ],
    ['as a number', ({ id }) => ({ wrapped: { id, card: 4111111111111111 } }), json(t.unknown)],
    ['below its name', ({ id, card }) => ({ wrapped: { id, card: { number: card } } }), json(t.unknown)],
    ['in a list below its name', ({ id, card }) => ({ wrapped: { id, card: [[card]] } }), json(t.unknown)],
    [
      'in full-width digits',
      ({ id }) => ({ wrapped: { id, card: '４１１１１１１１１１１１１１１１' } }),
      json(t.unknown),
    ],
    ['in circled digits', ({ id }) => ({ wrapped: { id, card: '④①①①①①①①①①①①①①①①' } }), json(t.unknown)],
    ['mistyped', ({ id }) => ({ wrapped: { id, card: '4111 1111 1111 1112' } }), json(t.unknown)],
    ['in JSON within JSON', sale => ({ note: JSON.stringify(sale) }), json(t.unknown)],
    [
      'in JSON within JSON of a type',
      sale => ({ note: JSON.stringify(sale) }),
      json(t.strict({ note: t.string })) as Codec<unknown>,
    ],
    [
      'in JSON within JSON, twice',
      sale => ({ note: JSON.stringify({ note: JSON.stringify(sale) }) }),
      json(t.unknown),
    ],
    ['in a text around JSON', sale => ({ note: `declined: ${JSON.stringify(sale)}!` }), json(t.unknown)],
    ['in a text that is JSON', sale => JSON.stringify(sale), string as Codec<unknown>],
    [
      'in bytes that are JSON',
      sale => Buffer.from(JSON.stringify({ wrapped: sale })),
      bytes as Codec<unknown>,
    ],
  ];

  test.each(shapes)('%s: no topic is given it', async (_, make, value) => {
    const { texts } = await left((sales$, out) => {
      sales$.pipe(mapValue(make as never)).subscribe(out({ value }));
    });
    expect(texts).toEqual([]);
  });

  test.each(shapes)('%s: no store is given it', async (_, make) => {
    const { documents } = await left((sales$, _out, store) => {
      sales$.pipe(mapValue(make as never)).subscribe(store);
    });
    expect(documents).toEqual([]);
  });

  test.each<[string, (sale: Sale) => unknown]>([
    ['a Buffer', sale => ({ note: Buffer.from(JSON.stringify(sale)) })],
    ['a Map', sale => ({ by: new Map([['x', sale]]) })],
    ['a Map of fields', sale => ({ wrapped: new Map([['card', sale.card]]) })],
    ['a Set', sale => ({ all: new Set([sale]) })],
    ['a toJSON', sale => ({ wrapped: { toJSON: () => sale } })],
    [
      'an accessor',
      sale => ({
        wrapped: {
          get card() {
            return sale.card;
          },
        },
      }),
    ],
    ['an inherited field', sale => ({ wrapped: Object.create({ card: sale.card }) })],
    [
      'a Proxy',
      sale => ({ wrapped: new Proxy({}, { get: (_, name) => (name === 'card' ? sale.card : undefined) }) }),
    ],
  ])('in %s: no store is given it', async (_, make) => {
    const { documents } = await left((sales$, _out, store) => {
      sales$.pipe(mapValue(make as never)).subscribe(store);
    });
    expect(documents).toEqual([]);
  });

  test('what is gathered unmasked is not written', async () => {
    const { texts, documents } = await left((sales$, out, store) => {
      const batch$ = sales$.pipe(
        batch(records => records.map(({ value }) => value), { maxRecords: 2 }),
        share(),
      );
      batch$.subscribe(out());
      batch$.subscribe(store);
    });
    expect({ texts, documents }).toEqual({ texts: [], documents: [] });
  });

  test('a field that a path of two names masks is known by the last alone', async () => {
    const { texts } = await left(
      (sales$, out) => {
        sales$.pipe(mapValue(({ card }) => ({ card }))).subscribe(out());
      },
      { path: 'payment.card' },
    );
    expect(texts).toEqual([]);
  });

  test('so is one that a pattern masks, at its whole path', async () => {
    const email = 'ann@example.org';
    const pattern = /^(.).*(@.+)$/;
    const run = (make: (sale: Sale) => unknown, value: Codec<unknown> = json(t.unknown)) =>
      left(
        (sales$, out) => {
          sales$.pipe(mapValue(make as never)).subscribe(out({ value }));
        },
        { card: email, pattern },
      );
    expect((await run(sale => ({ wrapped: sale }))).texts).toEqual([]);
    expect((await run(sale => ({ wrapped: sale }), json(Plain) as Codec<unknown>)).texts).toEqual([]);
    expect((await run(sale => [sale], own)).texts).toEqual([]);
    expect((await run(sale => ({ note: JSON.stringify(sale) }))).texts).toEqual([]);
    expect((await run(() => ({ wrapped: { card: 'axx@example.org' } }))).texts).toHaveLength(2);
  });

  test.each<[string, (sale: Sale) => unknown]>([
    ['masked', ({ id }) => ({ wrapped: [{ id, card: masked }] })],
    ['another thing of that name', () => ({ card: 'xxxx', deck: [{ card: '7 of hearts, no. 123456' }] })],
    ['a number elsewhere', () => ({ at: 1700000000000, order: { number: '40123456789012' } })],
    ['text around', () => ({ note: 'the "card" is: gone {', more: '\\u0063ard' })],
    ['nothing', () => ({ wrapped: { card: null }, more: { card: undefined }, most: { card: true } })],
  ])('%s goes through', async (_, make) => {
    for (const value of [json(t.unknown), own]) {
      const { texts, documents } = await left((sales$, out, store) => {
        const made$ = sales$.pipe(mapValue(make as never), share());
        made$.subscribe(out({ value }));
        made$.subscribe(store);
      });
      expect(texts).toHaveLength(2);
      expect(documents).toHaveLength(2);
    }
  });

  test('another thing of its name may stand where guard.allow says so', async () => {
    const make = () => ({ lines: [{ card: '40123456789012' }] });
    for (const value of [
      json(t.unknown),
      own,
      json(t.strict({ lines: t.array(t.strict({ card: t.string })) })) as Codec<unknown>,
    ]) {
      const run = (guard: object) =>
        left(
          (sales$, out, store) => {
            const made$ = sales$.pipe(mapValue(make), share());
            made$.subscribe(out({ value }));
            made$.subscribe(store);
          },
          { guard },
        );
      expect(await run({})).toMatchObject({ texts: [], documents: [] });
      const allowed = await run({ allow: ['lines.*.card'] });
      expect(allowed.texts).toHaveLength(2);
      expect(allowed.documents).toHaveLength(2);
      expect((await run({ allow: ['lines.card'] })).texts).toEqual([]);
    }
    // A path that is masked is not made free by that.
    const { texts } = await left((sales$, out) => void sales$.subscribe(out()), {
      guard: { allow: ['card'] },
    });
    expect(texts).toEqual([]);
  });
});

describe('bytes of a codec of the user’s are read as whoever gets them would', () => {
  const line = `{"id":"a","card":"${raw}"}`;
  test.each<[string, Buffer]>([
    ['an escaped name', Buffer.from(`{"c\\u0061rd":"${raw}"}`)],
    ['a name in escapes alone', Buffer.from(`{"\\u0063\\u0061\\u0072\\u0064":"${raw}"}`)],
    ['escaped digits', Buffer.from(`{"card":"\\u0034111-1111-1111-1111"}`)],
    ['a name that is there twice', Buffer.from(`{"card":"${raw}","card":"${masked}"}`)],
    ['one of them escaped', Buffer.from(`{"c\\u0061rd":"${raw}","card":"${masked}"}`)],
    ['a way that is there twice', Buffer.from(`{"a":{"card":"${raw}"},"a":{"card":"${masked}"}}`)],
    ['a byte order mark', Buffer.from(`\ufeff${line}`)],
    ['blanks', Buffer.from(`\n {"card" \t: \n "${raw}"}`)],
    ['UTF-16', Buffer.from(line, 'utf16le')],
    ['UTF-16 with a byte order mark', Buffer.from(`\ufeff${line}`, 'utf16le')],
    ['UTF-16 the other way around', Buffer.from(line, 'utf16le').swap16()],
    ['a schema id before it', Buffer.concat([Buffer.from([0, 0, 0, 0, 34]), Buffer.from(line)])],
    ['a header of brackets before it', Buffer.concat([Buffer.from('{["v1"'), Buffer.from(line)])],
    ['lines', Buffer.from(`{"id":1}\n${line}\n`)],
    ['a comma too many', Buffer.from(`{"card":"${raw}",}`)],
    ['an end that is missing', Buffer.from(`{"card":"${raw}"`)],
    ['a number', Buffer.from(`{"card":4111111111111111`)],
    ['a list', Buffer.from(`[0,"x"}{"card":["${raw}"]`)],
    ['JSON within', Buffer.from(`x${JSON.stringify({ note: line })}`)],
    ['JSON within JSON within', Buffer.from(`x${JSON.stringify({ note: JSON.stringify({ note: line }) })}`)],
    [
      'JSON within, with blanks',
      Buffer.from(JSON.stringify({ note: JSON.stringify({ card: raw }, null, 2) }).slice(1)),
    ],
    [
      'bytes that are not UTF-8 beside it',
      Buffer.concat([Buffer.from('{"x":"'), Buffer.from([0xff, 0xfe]), Buffer.from(`","card":"${raw}"}`)]),
    ],
  ])('%s', async (_, written) => {
    const { out } = await left((sales$, out) => {
      sales$.subscribe(out({ value: asBytes(() => written) }));
      sales$.pipe(mapValue(() => 0)).subscribe(out({ value: asBytes(() => written) }));
    });
    expect(out).toHaveLength(0);
  });

  test.each<[string, Buffer]>([
    ['masked', Buffer.from(`{"c\\u0061rd":"${masked}"}`)],
    ['masked, lines', Buffer.from(`{"card":"${masked}"}\n{"card":"${masked}"}`)],
    ['masked, with an order’s number behind it', Buffer.from(`{"card":"${masked}","order":40123456789012,}`)],
    ['bytes', Buffer.from([0, 1, 2, 3, 0xff, 0x22, 0x5c])],
    ['none', Buffer.alloc(0)],
  ])('and go through: %s', async (_, written) => {
    const { out } = await left((sales$, out) => {
      sales$.pipe(mapValue(() => 0)).subscribe(out({ value: asBytes(() => written) }));
    });
    expect(out).toHaveLength(2);
  });
});

describe('keys and headers', () => {
  interface Hidden {
    readonly no: unknown;
  }
  const header = (key: string, value: string) => [{ key, value: Buffer.from(value) }] as never[];

  test.each<[string, object, object]>([
    ['a key that is JSON', { keyBy: ({ no }: Hidden) => ({ card: no }), key: json(t.unknown) }, {}],
    [
      'a key that is JSON in text',
      { keyBy: ({ no }: Hidden) => JSON.stringify({ in: { card: no } }), key: string },
      {},
    ],
    ['a header of its name', { headers: ['card'] }, { headers: header('card', raw) }],
    [
      'a header that is JSON',
      { headers: ['sale'] },
      { headers: header('sale', JSON.stringify({ card: raw })) },
    ],
    ['a made header', { headers: ({ value }: { value: Hidden }) => header('card', String(value.no)) }, {}],
  ])('%s is not written with the field unmasked', async (_, options, input) => {
    const { out } = await left((sales$, to) => {
      const hidden$ = sales$.pipe(mapValue(({ card }) => ({ no: card })));
      hidden$.subscribe(to({ ...options, value: asBytes(() => Buffer.from('x')) }));
    }, input);
    expect(out).toHaveLength(0);
  });

  test.each<[string, (sales$: Sales) => Observable<unknown>, object, object]>([
    [
      'the key',
      sales$ =>
        sales$.pipe(
          mapKey((_key: unknown, { value }: KafkaRecord<unknown, Sale>) => String(value.card)) as never,
          mask('card' as never),
        ),
      { keyBy: undefined, key: string },
      {},
    ],
    [
      'a header',
      sales$ => sales$.pipe(mask('card' as never)),
      { headers: ['trace'] },
      { headers: header('trace', `c=${raw}`) },
    ],
    [
      'a header’s name',
      sales$ => sales$.pipe(mask('card' as never)),
      { headers: [raw] },
      { headers: header(raw, '1') },
    ],
  ])('%s does not hold the card whose masked number the value shows', async (_, way, options, input) => {
    const { out } = await left((sales$, to) => {
      way(sales$).subscribe(to(options));
    }, input);
    expect(out).toHaveLength(0);
  });

  test('other numbers may stand there', async () => {
    const { out } = await left(
      (sales$, to) => {
        sales$
          .pipe(mask('card' as never))
          .subscribe(to({ keyBy: () => '4222222222222', headers: ['trace', 'card'] }));
      },
      { headers: [...header('trace', '17000000001111'), ...header('card', masked)] as never[] },
    );
    expect(out).toHaveLength(2);
  });
});

describe('what is masked inside a pipe that is made while records flow is known', () => {
  const inner: readonly [string, (sales$: Sales) => Observable<unknown>][] = [
    ['mergeMap', sales$ => sales$.pipe(mergeMap(sale => of(sale).pipe(mask('card' as never))))],
    ['switchMap', sales$ => sales$.pipe(switchMap(sale => of(sale).pipe(mask('card' as never))))],
    [
      'groupBy',
      sales$ =>
        sales$.pipe(
          groupBy(({ value }) => value.id),
          mergeMap(group => group.pipe(mask('card' as never))),
        ),
    ],
    [
      'a name that another has',
      sales$ => sales$.pipe(mergeMap(sale => of(sale).pipe(mask('card' as never, { name: 'm' })))),
    ],
    [
      'an operator made before',
      sales$ => {
        const masking = mask('card' as never);
        return sales$.pipe(mergeMap(sale => of(sale).pipe(masking as never)));
      },
    ],
  ];

  test.each(inner)('by %s', async (_, way) => {
    const store = memoryStore<unknown>('history');
    const test = await testApp(
      app => {
        const sales$ = app.topic('in', { value: json(t.unknown) }).pipe(share()) as unknown as Sales;
        way(sales$).subscribe(app.to('masked', { value: json(t.unknown), keyBy: () => null }) as never);
        sales$.subscribe(app.to('out', { value: json(t.unknown), keyBy: () => null }) as never);
        sales$.subscribe(
          app.to('typed', {
            value: json(t.strict({ id: t.string, card: t.string })),
            keyBy: () => null,
          }) as never,
        );
        sales$.subscribe(app.store(store as never) as never);
      },
      { policies: { encode: 'skip' } },
    );
    test.pipeIn(
      'in',
      [1, 2].map(id => ({ value: { id: String(id), card: raw } as never })),
    );
    await test.idle();
    expect(test.broker.records('masked').map(({ value }) => String(value))).toEqual(
      ['1', '2'].map(id => JSON.stringify({ id, card: masked })),
    );
    expect(test.broker.records('out')).toEqual([]);
    expect(test.broker.records('typed')).toEqual([]);
    expect(store.documents()).toEqual([]);
    await test.stop();
  });

  test('also to dead letters', async () => {
    const email = 'ann@example.org';
    const test = await testApp(
      app => {
        app
          .topic('in', { value: json(t.unknown) })
          .pipe(
            mergeMap(sale => of(sale).pipe(mask('email' as never, { pattern: /^(.)/ }))),
            mapValue((value): unknown => {
              throw new Error(`no good: ${JSON.stringify(value)}`);
            }),
          )
          .subscribe(app.to('out', { value: json(t.unknown), keyBy: () => null }) as never);
      },
      { policies: { process: 'dead-letter' }, deadLetters: { topic: 'dead' } },
    );
    // The first is a letter before it is known what is masked: the mask is asked first.
    for (const note of [1, 2]) test.pipeIn('in', [{ value: { note, email } as never }]);
    await test.idle();
    const letters = test.broker.records('dead').map(({ value }) => String(value));
    expect(letters).toHaveLength(2);
    for (const letter of letters) expect(letter).not.toContain('ann');
    await test.stop();
  });

  test('one pattern made again for each record is one pattern', async () => {
    const test = await testApp(app => {
      app
        .topic('in', { value: json(t.unknown) })
        .pipe(mergeMap(sale => of(sale).pipe(mask('email' as never, { pattern: /^(.)/ }))))
        .subscribe(app.to('out', { value: json(t.unknown), keyBy: () => null }) as never);
    });
    test.pipeIn(
      'in',
      Array.from({ length: 300 }, () => ({ value: { email: 'ann@example.org' } as never })),
    );
    await test.idle();
    expect(test.broker.records('out')).toHaveLength(300);
    await test.stop();
  });
});

describe('dead letters', () => {
  test('what a field must not show is not shown in JSON within its record, nor in a key', async () => {
    const sale = { email: 'ann@example.org' };
    const test = await testApp(
      app => {
        app
          .topic('in', { value: json(t.unknown) })
          .pipe(
            mask('email' as never, { pattern: /^(.)/, optional: true }),
            mapValue((): unknown => {
              throw new Error();
            }),
          )
          .subscribe(app.to('out', { value: json(t.unknown), keyBy: () => null }) as never);
      },
      { policies: { process: 'dead-letter' }, deadLetters: { topic: 'dead' } },
    );
    test.pipeIn('in', [
      {
        key: JSON.stringify(sale),
        value: { note: JSON.stringify(sale), deep: JSON.stringify({ a: JSON.stringify([sale]) }) } as never,
      },
    ]);
    await test.idle();
    const [letter] = test.broker.records('dead');
    expect(letter?.value).not.toBeNull();
    expect(String(letter?.value)).not.toContain('ann');
    expect(String(letter?.key)).not.toContain('ann');
    await test.stop();
  });
});

describe('a path that ends early in what no type tells of', () => {
  test.each<[string, string, unknown]>([
    ['in text', 'payment.card', { payment: raw }],
    ['in a number', 'payment.card', { payment: 4111111111111111 }],
    ['in a list', 'payment.card', { payment: [{ card: raw }] }],
    ['in a list of text', 'payment.card', { payment: [raw] }],
    ['in text at the root', 'card', raw],
    ['in text below *', 'by.*.card', { by: { x: raw } }],
    ['in text where a list was meant', 'cards.*', { cards: raw }],
  ])('%s lets no card through', async (_, path, value) => {
    const test = await testApp(
      app => {
        app
          .topic('in', { value: json(t.unknown) })
          .pipe(mask(path as never, { optional: true }))
          .subscribe(app.to('out', { value: json(t.unknown), keyBy: () => null }) as never);
      },
      { policies: { encode: 'skip', process: 'skip' } },
    );
    test.pipeIn('in', [{ value: Buffer.from(JSON.stringify(value)) as never }]);
    await test.idle();
    expect(test.broker.records('out')).toEqual([]);
    await test.stop();
  });

  test.each<[string, unknown]>([
    ['text', { payment: 'cash' }],
    ['nothing', { payment: null }],
    ['a list of nothing', { payment: [] }],
    ['a number', 17],
  ])('but %s', async (_, value) => {
    const { texts } = await left((sales$, out) => {
      sales$
        .pipe(
          mapValue(() => value),
          mask('payment.card' as never, { optional: true }),
        )
        .subscribe(out());
    });
    expect(texts).toHaveLength(2);
  });
});
