import * as t from 'io-ts';
import { json, memoryStore, string } from 'kafka-rx';
import { mapValue, mask } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';

const raw = '4111111111111111';
const masked = 'xxxx xxxx xxxx 1111';
const at = { topic: 'in', partition: 0, offset: 0 };

async function storing(
  value: unknown,
  { path = 'card', fields }: { path?: string; fields?: readonly string[] } = {},
) {
  const store = memoryStore<unknown>('history');
  const test = await testApp(
    app => {
      const made$ = app.topic('in', { value: string }).pipe(mapValue(() => value));
      const masked$ = fields ? made$ : made$.pipe(mask(path as never, { optional: true }));
      masked$.subscribe(app.store(store as never) as never);
    },
    { guard: { fields }, commit: { every: 1 } },
  );
  let error: unknown;
  try {
    test.pipeIn('in', [{ value: 'x' }]);
    await test.idle();
  } catch (thrown) {
    error = thrown;
  }
  const stored = store.documents().length;
  if (error === undefined) await test.stop();
  expect(String(error)).not.toContain('4111');
  return { error, stored };
}

class Hidden {
  readonly #card = raw;
  get() {
    return this.#card;
  }
}

class HiddenBytes extends Uint8Array {
  readonly #card = raw;
  get() {
    return this.#card;
  }
}

const fields = new WeakMap<object, string>();
const __classPrivateFieldGet = (from: object, all: WeakMap<object, string>) => all.get(from);
/** As compilers write a `#private` for older engines. */
class Compiled {
  constructor() {
    fields.set(this, raw);
  }
  get() {
    return __classPrivateFieldGet(this, fields);
  }
}

class Cash {}

class Sale {
  constructor(readonly number: unknown) {}
  total() {
    return 1;
  }
}

const wide = { number: raw };
const opaque: readonly [string, () => unknown][] = [
  ['a URL', () => new URL(`http://pay.example/${raw}`)],
  ['URLSearchParams', () => new URLSearchParams({ number: raw })],
  ['FormData', withEntry],
  ['a Blob', () => new Blob([raw])],
  ['a File', () => new File([raw], 'card')],
  ['Headers', () => new Headers({ number: raw })],
  ['a WeakRef', () => new WeakRef(wide)],
  ['an iterator', () => [raw].values()],
  ['an iterator of a Map', () => new Map([['number', raw]]).entries()],
  ['an instance with a #private', () => new Hidden()],
  ['an instance with a #private as it is compiled', () => new Compiled()],
  ['bytes with a #private', () => new HiddenBytes(1)],
];

function withEntry(): FormData {
  const form = new FormData();
  form.append('number', raw);
  return form;
}

describe('under the name of a masked field nothing stands that may hold more than it shows', () => {
  test.each<[string, () => unknown]>([
    ...opaque,
    ['a Symbol', () => Symbol(raw)],
    ['what is under a symbol', () => ({ [Symbol('of')]: raw })],
    ['the name of a symbol', () => ({ [Symbol(raw)]: 1 })],
    ['a hidden field', () => Object.defineProperty({}, 'of', { value: raw })],
    ['inherited data', () => Object.create({ of: raw })],
    ['an Error', () => new Error(raw)],
    ['a RegExp', () => new RegExp(raw)],
    ['an instance of a class', () => new Sale(masked)],
    ['a Date that is a number', () => new Date(Number(raw))],
    ['bytes in UTF-16', () => Buffer.from(raw, 'utf16le')],
    ['a text that says another', () => Object.assign(new String(raw), { valueOf: () => 'x' })],
    [
      'a Map that shows less',
      () =>
        new (class extends Map<string, string> {
          override values() {
            return [].values();
          }
        })([['of', raw]]),
    ],
    [
      'bytes that show less',
      () =>
        new (class extends Uint8Array {
          override get byteLength() {
            return 0;
          }
        })(Buffer.from(raw)),
    ],
  ])('%s', async (_, make) => {
    expect(await storing({ card: masked, note: { card: make() } })).toMatchObject({
      error: { code: 'GUARD', at, path: 'card' },
      stored: 0,
    });
  });

  test.each(opaque)('%s on the way', async (_, make) => {
    expect(await storing({ payment: make() }, { path: 'payment.number' })).toMatchObject({
      error: { code: 'GUARD', at, path: 'payment.number' },
      stored: 0,
    });
  });

  const inside = { card: raw };
  test.each<[string, () => object]>([
    ['a Map', () => new Map([['note', inside]])],
    ['a Set', () => new Set([inside])],
    ['bytes', () => new Uint8Array(Buffer.from(JSON.stringify(inside)))],
    ['an ArrayBuffer', () => new Uint8Array(Buffer.from(JSON.stringify(inside))).buffer],
    ['a boxed text', () => new String(JSON.stringify(inside))],
    ['an Error', () => new Error(JSON.stringify(inside))],
    ['an instance of a class', () => new Sale(inside)],
  ])('%s that is the whole document, and has the field masked', async (_, make) => {
    const document = Object.assign(make(), { card: masked });
    expect(await storing(document, { fields: ['card'] })).toMatchObject({
      error: { code: 'GUARD' },
      stored: 0,
    });
  });

  test.each<[string, unknown]>([
    ['in parts', ['4111', '1111', '1111', '1111']],
    ['in fields', { a: '41111111', b: '11111111' }],
    ['half of it', '41111111'],
    ['as a number in hex', BigInt(raw).toString(16)],
    ['as bytes in hex', Buffer.from(raw).toString('hex')],
  ])('at the field’s own path nothing but the masked form, not the number %s', async (_, card) => {
    expect(await storing({ card }, { fields: ['card'] })).toMatchObject({
      error: { code: 'GUARD' },
      stored: 0,
    });
  });

  test('a name of a list’s own', async () => {
    const note = Object.assign([1], { card: raw });
    expect(await storing({ card: masked, note })).toMatchObject({ error: { code: 'GUARD' }, stored: 0 });
  });

  test.each<[string, unknown, string]>([
    [
      'plain data',
      { note: { card: { last: ['1111'], at: new Date(0), more: new Map([['x', 1n]]) } } },
      'card',
    ],
    ['bytes', { note: { card: Buffer.from('1111') } }, 'card'],
    ['boxed', { note: { card: [new String('1111'), new Number(1)] } }, 'card'],
    ['an instance on the way', { payment: new Sale(masked) }, 'payment.number'],
    ['an instance without the name', { payment: new Cash() }, 'payment.number'],
    ['an instance at the root', new Sale(1), 'card'],
    ['a URL elsewhere', { site: new URL('http://pay.example/') }, 'card'],
  ])('%s goes through', async (_, value, path) => {
    const { error } = await storing(value, { path });
    // The test's own store copies what it keeps, which it can of most.
    expect((error as { code?: string } | undefined)?.code).not.toBe('GUARD');
  });
});

describe('what is nested deeper than the guard looks is refused, and nobody else is blamed', () => {
  const Paid = t.strict({ card: t.string, note: t.string });
  const deep = (levels: number, inner: string) => '['.repeat(levels) + inner + ']'.repeat(levels);
  const inText = (levels: number, times: number): string =>
    times === 0 ? `{"card":"${raw}"}` : deep(levels, JSON.stringify(inText(levels, times - 1)));

  test.each<[string, string]>([
    ['JSON in text', deep(5000, `{"card":"${raw}"}`)],
    ['a text that is deep', deep(100_000, `{"card":"${raw}"}`)],
    ['of masked text', deep(1001, `{"card":"${masked}"}`)],
    ['JSON within JSON, each of them less deep', inText(900, 10)],
  ])('%s', async (_, note) => {
    const test = await testApp(
      app => {
        app
          .topic('in', { value: json(Paid) })
          .pipe(mask('card'))
          .subscribe(app.to('out', { value: json(t.strict({ card: t.unknown, note: t.string })) }));
      },
      { commit: { every: 1 } },
    );
    const piped = () => test.pipeIn('in', [{ value: { card: raw, note } }]);
    expect(piped).toThrow(expect.objectContaining({ code: 'GUARD', at, path: 'card' }));
    expect(test.broker.records('out')).toEqual([]);
  });

  test('a document too, and what json() takes is looked at as deep as that goes', async () => {
    const nested = (levels: number): unknown =>
      Array.from({ length: levels }).reduce<unknown>(inner => [inner], { card: masked });
    expect(await storing({ note: nested(1000) })).toMatchObject({ error: { code: 'GUARD' }, stored: 0 });
    expect(await storing({ note: nested(900) })).toMatchObject({ error: undefined, stored: 1 });
  });
});
