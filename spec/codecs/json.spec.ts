import fc from 'fast-check';
import * as t from 'io-ts';
import type { Codec } from '../../lib/codecs/codec.js';
import { CardNumber, IsoTimestamp, NonNegative, PositiveInt } from '../../lib/codecs/io-ts.js';
import { type JsonOptions, json } from '../../lib/codecs/json.js';
import type { StandardSchema } from '../../lib/codecs/standard-schema.js';
import type { Coordinates, KafkaRxError } from '../../lib/errors/errors.js';
import { isKafkaRxError } from '../../lib/errors/errors.js';

const at: Coordinates = { topic: 'transactions', partition: 3, offset: 41 };

const Purchase = t.strict(
  {
    customerId: t.string,
    item: t.string,
    quantity: PositiveInt,
    price: NonNegative,
    purchasedAt: IsoTimestamp,
    cardNumber: CardNumber,
  },
  'Purchase',
);
const purchase = {
  customerId: 'c-1',
  item: 'disc',
  quantity: 2,
  price: 29.5,
  purchasedAt: '1997-01-12T00:00:00Z',
  cardNumber: '1234-5678-1234-1233',
};

/** A type of another kind than the records of the hot path: text outside, a Date inside. */
const DateFromIso = new t.Type<Date, string>(
  'DateFromIso',
  (u): u is Date => u instanceof Date,
  (u, context) => {
    const date = new Date(typeof u === 'string' ? u : Number.NaN);
    return Number.isNaN(date.getTime()) ? t.failure(u, context) : t.success(date);
  },
  date => date.toISOString(),
);

interface Tree {
  readonly label: string;
  readonly children: readonly Tree[];
}
const Tree: t.Type<Tree> = t.recursion('Tree', self =>
  t.type({ label: t.string, children: t.readonlyArray(self) }),
);

/** Every kind of type that can hold fields, in one. */
const inner = { x: t.number };
const Everything = t.type(
  {
    record: t.type(inner),
    partial: t.partial(inner),
    exact: t.strict(inner),
    list: t.array(t.type(inner)),
    readonlyList: t.readonlyArray(t.readonly(t.type(inner))),
    tuple: t.tuple([t.type(inner), t.string]),
    dictionary: t.record(t.string, t.type(inner)),
    both: t.intersection([
      t.type({ a: t.type(inner) }),
      t.partial({ b: t.string, a: t.type({ y: t.string }) }),
    ]),
    either: t.union([
      t.type({ kind: t.literal('a'), a: t.number }),
      t.type({ kind: t.literal('b'), b: t.type(inner) }),
    ]),
    maybe: t.union([t.type(inner), t.null]),
    open: t.union([t.type({ p: t.number }), t.type({ q: t.number })]),
    branded: t.brand(
      t.type(inner),
      (v): v is t.Branded<{ x: number }, { readonly B: unique symbol }> => v.x >= 0,
      'B',
    ),
    tree: Tree,
  },
  'Everything',
);
const everything = {
  record: { x: 1 },
  partial: { x: 1 },
  exact: { x: 1 },
  list: [{ x: 1 }, { x: 2 }],
  readonlyList: [{ x: 1 }],
  tuple: [{ x: 1 }, 's'],
  dictionary: { k: { x: 1 } },
  both: { a: { x: 1, y: 'y' }, b: 'b' },
  either: { kind: 'b', b: { x: 1 } },
  maybe: { x: 1 },
  open: { p: 1, q: 2 },
  branded: { x: 1 },
  tree: { label: 'root', children: [{ label: 'leaf', children: [] }] },
};

const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

function failing(run: () => unknown): KafkaRxError {
  try {
    run();
  } catch (error) {
    if (isKafkaRxError(error)) return error;
    throw error;
  }
  throw new Error('did not throw');
}

/** The same value with an undeclared field in every object that has declared ones. */
function littered(value: unknown, holdsKeysOfItsOwn = false): unknown {
  if (Array.isArray(value)) return value.map(item => littered(item));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([key, field]) => [key, littered(field, key === 'dictionary')]);
  const litter = holdsKeysOfItsOwn ? [] : [['undeclared', '4111111111111111']];
  return Object.fromEntries([...litter, ...fields]);
}

describe('json: what is undeclared', () => {
  for (const [kind, type] of [
    ['a type that changes nothing', Everything],
    ['a type that changes values', t.intersection([Everything, t.partial({ date: DateFromIso })])],
  ] as const) {
    it(`never survives a decode, at any depth (${kind})`, () => {
      expect(json(type).decode(bytesOf(littered(everything)), at)).toEqual(everything);
    });

    it(`never survives an encode, at any depth (${kind})`, () => {
      const raw = littered(everything);
      if (!type.is(raw)) throw new Error('the litter must not make the value unfit');
      expect(JSON.parse(String(json(type).encode(raw)))).toEqual(everything);
    });
  }

  it('is refused on request in each single place, with the path of the object that holds it', () => {
    const codec = json(Everything, { unknownFields: 'refuse' });
    expect(codec.decode(bytesOf(everything), at)).toEqual(everything);
    const places: readonly (readonly [string, (v: Record<string, unknown>) => unknown])[] = [
      ['', v => ({ ...v, secret: 1 })],
      ['record', v => ({ ...v, record: { x: 1, secret: 1 } })],
      ['exact', v => ({ ...v, exact: { x: 1, secret: 1 } })],
      ['list.1', v => ({ ...v, list: [{ x: 1 }, { x: 2, secret: 1 }] })],
      ['tuple.0', v => ({ ...v, tuple: [{ x: 1, secret: 1 }, 's'] })],
      ['dictionary.*', v => ({ ...v, dictionary: { '4111111111111111': { x: 1, secret: 1 } } })],
      ['both.a', v => ({ ...v, both: { a: { x: 1, y: 'y', secret: 1 } } })],
      ['either.b', v => ({ ...v, either: { kind: 'b', b: { x: 1, secret: 1 } } })],
      ['either', v => ({ ...v, either: { kind: 'a', a: 1, b: { x: 1 } } })],
      ['maybe', v => ({ ...v, maybe: { x: 1, secret: 1 } })],
      ['open', v => ({ ...v, open: { p: 1, secret: 1 } })],
      [
        'tree.children.0',
        v => ({ ...v, tree: { label: 'r', children: [{ label: 'l', children: [], secret: 1 }] } }),
      ],
    ];
    for (const [path, change] of places) {
      const bad = change(everything);
      const decoding = failing(() => codec.decode(bytesOf(bad), at));
      expect([decoding.code, decoding.path, decoding.at]).toEqual(['DECODE', path, at]);
      if (!Everything.is(bad)) throw new Error('the litter must not make the value unfit');
      const encoding = failing(() => codec.encode(bad));
      expect([encoding.code, encoding.path]).toEqual(['ENCODE', path]);
      expect(`${decoding.message}${encoding.message}`).not.toMatch(/secret|4111/);
    }
  });

  it('is refused also where io-ts strips it before anyone can look', () => {
    const type = t.strict({ when: DateFromIso, inside: t.strict({ x: t.number }) }, 'Stamped');
    const codec = json(type, { unknownFields: 'refuse' });
    const good = { when: '2020-01-01T00:00:00.000Z', inside: { x: 1 } };
    expect(codec.decode(bytesOf(good), at)).toEqual({ ...good, when: new Date(good.when) });
    expect(failing(() => codec.decode(bytesOf({ ...good, inside: { x: 1, y: 2 } }), at)).path).toBe('inside');
  });

  it('is what none of the matching members of a union declares', () => {
    const codec = json(t.union([t.type({ a: t.number }), t.type({ b: t.number })]));
    expect(codec.decode(bytesOf({ a: 1, b: 2, c: 3 }), at)).toEqual({ a: 1, b: 2 });
    expect(codec.decode(bytesOf({ a: 1, b: 'no number', c: 3 }), at)).toEqual({ a: 1 });
  });

  it('is told of raw fields where a union decodes them', () => {
    const type = t.union([t.type({ when: DateFromIso }), t.type({ who: t.type({ id: t.string }) })]);
    const codec = json(type, { unknownFields: 'refuse' });
    const when = '2020-01-01T00:00:00.000Z';
    expect(codec.decode(bytesOf({ when }), at)).toEqual({ when: new Date(when) });
    expect(codec.encode({ when: new Date(when) })).toEqual(bytesOf({ when }));
    expect(failing(() => codec.decode(bytesOf({ when, secret: 1 }), at)).path).toBe('');
    expect(failing(() => codec.decode(bytesOf({ who: { id: 'a', secret: 1 } }), at)).path).toBe('who');
  });

  it('is what no part of an intersection declares, unions and dictionaries among the parts', () => {
    const either = t.union([t.type({ p: t.type({ x: t.number }) }), t.type({ q: t.number })]);
    const type = t.intersection([t.type({ a: t.number, p: t.partial({ y: t.number }) }), either]);
    const value = { a: 1, p: { x: 1, y: 2 } };
    expect(json(type).decode(bytesOf({ ...value, p: { ...value.p, z: 3 }, q: 'no number' }), at)).toEqual(
      value,
    );
    const keyed = t.intersection([
      t.type({ total: t.type({ x: t.number }) }),
      t.record(t.string, t.type({ x: t.number })),
    ]);
    const codec = json(keyed, { unknownFields: 'refuse' });
    const good = { total: { x: 1 }, '4111111111111111': { x: 2 } };
    expect(codec.decode(bytesOf(good), at)).toEqual(good);
    expect(failing(() => codec.decode(bytesOf({ total: { x: 1, secret: 1 } }), at)).path).toBe('total');
    const bad = { total: { x: 1 }, '4111111111111111': { x: 2, secret: 1 } };
    expect(failing(() => codec.decode(bytesOf(bad), at)).path).toBe('*');
  });

  it('follows io-ts where the first matching member of a union is exact', () => {
    const members = [t.strict({ a: t.number }), t.strict({ a: t.number, b: t.number })] as const;
    const fast = json(t.union([...members]));
    const slow = json(t.union([...members, DateFromIso]));
    const input = bytesOf({ a: 1, b: 2 });
    expect(fast.decode(input, at)).toEqual({ a: 1 });
    expect(slow.decode(input, at)).toEqual({ a: 1 });
  });

  it('cannot be brought in by a toJSON of a class', () => {
    class Sneaky {
      readonly x = 1;
      readonly #card = '4111111111111111';
      toJSON(): unknown {
        return { x: 1, card: this.#card };
      }
    }
    expect(String(json(t.type(inner)).encode(new Sneaky()))).toBe('{"x":1}');
  });

  class Sum {
    readonly cents = 5;
    readonly note = 'n';
    toJSON(): unknown {
      return { sum: '0.05' };
    }
  }
  const given = new Sum();
  const ofOurs = new t.Type<Sum>('Sum', (u): u is Sum => u instanceof Sum, t.identity as never, t.identity);
  const schema: StandardSchema<Sum, Sum> = {
    '~standard': { version: 1, vendor: 'ours', validate: value => ({ value: value as Sum }) },
  };
  const cents = { cents: t.number };
  it.each<[string, Pick<Codec<Sum>, 'encode'>, string]>([
    ['t.type, which says', json(t.type(cents)), '{"cents":5}'],
    ['t.strict', json(t.strict(cents)), '{"cents":5}'],
    ['t.partial', json(t.partial(cents)), '{"cents":5}'],
    ['t.record', json(t.record(t.string, t.unknown)), '{"cents":5,"note":"n"}'],
    ['t.unknown, which says nothing', json(t.unknown), '{"sum":"0.05"}'],
    ['t.UnknownRecord', json(t.UnknownRecord), '{"sum":"0.05"}'],
    ['a type of ours', json(ofOurs), '{"sum":"0.05"}'],
    ['a Standard Schema', json(schema), '{"sum":"0.05"}'],
  ])('is written as its type says, and by its toJSON where that says nothing: %s', (_, codec, text) => {
    expect(String(codec.encode(given))).toBe(text);
  });

  it('is written by its toJSON inside what says nothing of it alone', () => {
    const codec = json(t.type({ a: t.unknown, b: t.array(t.type(cents)), when: t.unknown }));
    const text = String(codec.encode({ a: given, b: [given], when: new Date(0) }));
    expect(text).toBe('{"a":{"sum":"0.05"},"b":[{"cents":5}],"when":"1970-01-01T00:00:00.000Z"}');
  });

  it('costs no copy where nothing is undeclared', () => {
    const seen: unknown[] = [];
    const look = (u: unknown): t.Validation<unknown> => {
      seen.push(u);
      return t.success(u);
    };
    const spy = new t.Type<unknown>('Spy', t.unknown.is, look, t.identity);
    const value = json(t.intersection([spy, t.type(inner)])).decode(bytesOf({ x: 1 }), at);
    expect(value).toBe(seen[0]);
  });
});

describe('json: __proto__', () => {
  const evil = '{"x":1,"__proto__":{"admin":true},"any":{"__proto__":{"admin":true}}}';
  const escaped = evil.replaceAll('__proto__', '\\u005f_\\u0070roto__');
  const types = {
    record: t.type({ x: t.number }),
    open: t.type({ x: t.number, any: t.unknown }),
    dictionary: t.record(t.string, t.unknown),
    copied: t.intersection([t.type({ x: t.number, any: t.unknown }), t.partial({ d: DateFromIso })]),
  };
  for (const [kind, type] of Object.entries(types)) {
    it(`is never carried over, nor made a prototype (${kind})`, () => {
      for (const text of [evil, escaped]) {
        const pending: unknown[] = [json<unknown>(type).decode(Buffer.from(text), at)];
        while (pending.length > 0) {
          const value = pending.pop();
          if (typeof value !== 'object' || value === null) continue;
          expect(Object.hasOwn(value, '__proto__')).toBe(false);
          expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
          pending.push(...Object.values(value));
        }
        expect(
          failing(() => json<unknown>(type, { unknownFields: 'refuse' }).decode(Buffer.from(text), at)).code,
        ).toBe('DECODE');
      }
    });
  }
});

describe('json: what JSON.parse lets pass', () => {
  const Order = t.type(
    { id: t.string, lines: t.array(t.type({ price: t.number })), any: t.unknown },
    'Order',
  );
  const told = (text: string, options: JsonOptions = {}) => {
    const { code, rule, path, cause } = failing(() => json(Order, options).decode(Buffer.from(text), at));
    return { code, rule, path, cause };
  };
  const broke = (rule: string, path?: string) => ({ code: 'DECODE', rule, path, cause: undefined });

  it.each([
    ['{"id":"a","lines":[],"any":1,"id":"b"}', 'id'],
    ['{"id":"a","lines":[{"price":1,"price":1}],"any":1}', 'lines.0.price'],
    ['{"id":"a","lines":[{"price":0},{"price":1, "price" : 1}],"any":1}', 'lines.1.price'],
    ['{"id":"a","lines":[],"any":{"4111111111111111":{"x":1,"x":1}}}', 'any.*.*'],
    ['{"id":"a","lines":[],"any":1,"4111111111111111":1,"4111111111111111":1}', '*'],
    ['{"id":"a","lines":[],"any":1,"\\u0069d":"b"}', 'id'],
    ['{"id":"\\",{[:","lines":[],"any":[[":","\\\\"],{"a":1,"a":2}]}', 'any.*.*'],
  ])('refuses a name given twice: %s', (text, path) => {
    expect(told(text)).toEqual(broke('duplicate-key', path));
    const last = json(Order, { duplicateKeys: 'last' }).decode(Buffer.from(text), at);
    expect(JSON.parse(text)).toMatchObject(last);
  });

  it.each([
    '{"id":"x\\"y","lines":[],"any":":"}',
    '{"id":":","lines":[],"any":{"a":":","b":[":"]}}',
    '{ "id" : "a" , "lines" : [ { "price" : 1 } , { "price" : 2 } ] , "any" : { "id" : { "id" : 1 } } }',
    '{"id":"\\\\","lines":[],"any":[{"a":1},{"a":1}]}',
  ])('takes what only looks like it: %s', text => {
    expect(json(Order).decode(Buffer.from(text), at)).toEqual(JSON.parse(text));
  });

  it('finds a doubled name exactly where there is one, whatever the text', () => {
    const name = fc.constantFrom('a', 'b', ':', '"', '\\', '":', '{', '__proto', 'é');
    const blank = fc.constantFrom('', ' ', '\n');
    const { node } = fc.letrec<{ node: { text: string; doubled: boolean } }>(tie => ({
      node: fc.oneof(
        { depthSize: 'small' },
        fc
          .oneof(fc.string(), fc.integer(), fc.constant(null), name)
          .map(value => ({ text: JSON.stringify(value), doubled: false })),
        fc.array(tie('node'), { maxLength: 3 }).map(items => ({
          text: `[${items.map(({ text }) => text).join()}]`,
          doubled: items.some(({ doubled }) => doubled),
        })),
        fc.array(fc.tuple(name, blank, tie('node')), { maxLength: 4 }).map(fields => ({
          text: `{${fields.map(([key, space, { text }]) => `${JSON.stringify(key)}${space}:${space}${text}`).join()}}`,
          doubled:
            new Set(fields.map(([key]) => key)).size < fields.length ||
            fields.some(([, , { doubled }]) => doubled),
        })),
      ),
    }));
    fc.assert(
      fc.property(node, ({ text, doubled }) => {
        const decode = () => json(t.unknown).decode(Buffer.from(text), at);
        if (doubled) expect(failing(decode).rule).toBe('duplicate-key');
        else expect(decode()).toEqual(JSON.parse(text));
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['9007199254740993', '-9007199254740992', '1e16', '1e400', '-1e400'])(
    'refuses the number %s, which is not what it was',
    number => {
      const text = `{"id":"a","lines":[{"price":${number}}],"any":1}`;
      expect(told(text)).toEqual(broke('unsafe-number', 'lines.0.price'));
      expect(failing(() => json(t.number).decode(Buffer.from(number), at)).rule).toBe('unsafe-number');
      if (number.includes('400')) {
        expect(told(text, { unsafeNumbers: 'allow' })).toEqual(broke('unsafe-number', 'lines.0.price'));
      } else {
        expect(json(Order, { unsafeNumbers: 'allow' }).decode(Buffer.from(text), at)).toEqual(
          JSON.parse(text),
        );
      }
    },
  );

  it('takes numbers up to 2^53, and the smallest', () => {
    const text = '{"id":"a","lines":[{"price":9007199254740991},{"price":5e-324}],"any":-9007199254740991}';
    expect(json(Order).decode(Buffer.from(text), at)).toEqual(JSON.parse(text));
  });

  it('refuses what is nested too deep, 100,000 levels included', () => {
    const nested = (levels: number) =>
      `{"id":"a","lines":[],"any":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    expect(json(Order).decode(Buffer.from(nested(63)), at).any).toHaveLength(1);
    expect(told(nested(64))).toMatchObject({ code: 'DECODE', rule: 'too-deep' });
    expect(told(nested(100_000))).toMatchObject({ code: 'DECODE', rule: 'too-deep' });
    expect(told(nested(2), { maxDepth: 2 })).toEqual(broke('too-deep', 'any.*'));
    expect(json(Order, { maxDepth: 100 }).decode(Buffer.from(nested(99)), at).id).toBe('a');
  });

  it('refuses what is too large, unread', () => {
    const bytes = Buffer.alloc(101, 0xff);
    const error = failing(() => json(Order, { maxBytes: 100 }).decode(bytes, at));
    expect([error.rule, error.message]).toEqual([
      'too-large',
      expect.stringContaining('its 101 bytes are more than maxBytes, 100'),
    ]);
    expect(json(t.string, { maxBytes: 5 }).decode(Buffer.from('"abc"'), at)).toBe('abc');
  });

  it('is configured with sense', () => {
    expect(failing(() => json(Order, { maxDepth: 0 })).code).toBe('CONFIGURATION');
    expect(failing(() => json(Order, { maxBytes: Number.NaN })).code).toBe('CONFIGURATION');
  });
});

describe('json: what is not the type', () => {
  const Order = t.type(
    {
      items: t.array(t.type({ price: t.number })),
      payment: t.union([t.type({ card: t.string }), t.type({ iban: t.type({ code: t.string }) }), t.null]),
      extra: t.intersection([t.type({ a: t.number }), t.partial({ b: t.string })]),
      totals: t.record(t.string, t.number),
    },
    'Order',
  );
  const order = { items: [{ price: 1 }], payment: null, extra: { a: 1 }, totals: {} };

  it.each([
    ['items.0.price', 'number', { items: [{ price: '4111111111111111' }] }],
    ['items', 'Array<{ price: number }>', { items: '4111111111111111' }],
    ['payment.iban.code', 'string', { payment: { iban: { code: 4111111111111111 } } }],
    ['payment', '({ card: string } | { iban: { code: string } } | null)', { payment: 4111111111111111 }],
    ['extra.a', 'number', { extra: { a: '4111111111111111' } }],
    ['extra.b', 'string', { extra: { a: 1, b: 4111111111111111 } }],
    ['totals.*', 'number', { totals: { '4111111111111111': 'x' } }],
  ])(
    'is told by the path %s and the type, without members of unions and keys of dictionaries',
    (path, expected, change) => {
      const error = failing(() => json(Order).decode(bytesOf({ ...order, ...change }), at));
      expect([error.code, error.path, error.at, error.cause]).toEqual(['DECODE', path, at, undefined]);
      expect(error.message).toContain(
        `json(Order) cannot decode the record: ${path} is not of type ${expected} `,
      );
      expect(error.message).toContain('(topic transactions, partition 3, offset 41)');
      expect(`${error.message}${error.stack}`).not.toContain('4111');
    },
  );

  it('is refused on encode as well, with its path', () => {
    const bad: unknown = { ...purchase, cardNumber: 'xxxx-xxxx-xxxx-1233' };
    const codec = json<unknown>(Purchase);
    const error = failing(() => codec.encode(bad));
    expect([error.code, error.path, error.cause]).toEqual(['ENCODE', 'cardNumber', undefined]);
    expect(error.message).toContain('CardNumber');
  });

  it.each([
    ['null', null],
    ['empty bytes', Buffer.alloc(0)],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22])],
    ['bytes that are not JSON', Buffer.from('4111111111111111,')],
    ['a byte order mark', Buffer.from('\ufeff1')],
    ['100,000 levels', Buffer.from('{"label":"","children":['.repeat(100_000))],
    ['100,000 closed levels', Buffer.from(`${'{"label":"","children":['.repeat(1e5)}${']}'.repeat(1e5)}`)],
  ])('%s: DECODE', (_, bytes) => {
    const error = failing(() => json(Tree).decode(bytes, at));
    expect([error.code, error.at, error.cause]).toEqual(['DECODE', at, undefined]);
    expect(`${error.message}${error.stack}`).not.toMatch(/4111|label/);
  });

  it.each([
    ['undefined', undefined],
    ['a function', () => 0],
    ['a bigint', 1n],
    ['NaN', { deep: [Number.NaN] }],
    ['infinity', Number.POSITIVE_INFINITY],
  ])('%s has no JSON form: ENCODE', (_, value) => {
    expect(failing(() => json(t.unknown).encode(value)).code).toBe('ENCODE');
  });

  it('a cycle has no JSON form: ENCODE', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect(failing(() => json(t.unknown).encode(cycle)).code).toBe('ENCODE');
    expect(JSON.parse(String(json(t.unknown).encode({ n: null })))).toEqual({ n: null });
  });

  it('and a type that throws is a DECODE that keeps neither message nor cause', () => {
    const Throws = t.refinement(t.string, text => {
      throw new Error(`no ${text}`);
    });
    const error = failing(() => json(Throws).decode(bytesOf('4111111111111111'), at));
    expect([error.code, error.cause]).toEqual(['DECODE', undefined]);
    expect(`${error.message}${error.stack}`).not.toContain('4111');
  });
});

describe('json: the fast path', () => {
  it('never changes what a type means that replaces its encode or decode, as io-ts-types does', () => {
    const Upper = clone(t.string);
    Object.assign(Upper, { encode: (text: string) => text.toUpperCase() });
    expect(String(json(t.type({ a: Upper })).encode({ a: 'x' }))).toBe('{"a":"X"}');

    const Renamed = clone(t.strict({ a: t.string }));
    Object.assign(Renamed, { encode: (value: { a: string }) => ({ renamed: value.a }) });
    expect(String(json(Renamed).encode({ a: 'x' }))).toBe('{"renamed":"x"}');

    const Trimmed = clone(t.string);
    Object.assign(Trimmed, {
      validate: (u: unknown) => t.success(String(u).trim()),
      decode: (u: unknown) => t.success(String(u).trim()),
    });
    expect(json(t.type({ a: Trimmed })).decode(bytesOf({ a: ' x ' }), at)).toEqual({ a: 'x' });
  });

  it('gives what io-ts gives, whatever the input', () => {
    const anything = fc.oneof(fc.jsonValue(), fc.record({ x: fc.double(), kind: fc.constantFrom('a', 'b') }));
    const field = (name: keyof typeof everything): fc.Arbitrary<unknown> =>
      fc.oneof({ weight: 9, arbitrary: fc.constant(everything[name]) }, { weight: 1, arbitrary: anything });
    const record = fc.record(
      Object.fromEntries(Object.keys(everything).map(name => [name, field(name as keyof typeof everything)])),
    );
    fc.assert(
      fc.property(record, value => {
        const input: unknown = JSON.parse(JSON.stringify(value));
        const codec = json(Everything, { unsafeNumbers: 'allow' });
        const byIoTs = Everything.decode(input);
        if (byIoTs._tag === 'Left') {
          expect(failing(() => codec.decode(bytesOf(input), at)).code).toBe('DECODE');
        } else {
          const decoded = codec.decode(bytesOf(input), at);
          expect(Everything.is(decoded)).toBe(true);
          expect(codec.decode(codec.encode(decoded), at)).toEqual(decoded);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('json: properties', () => {
  // Frames are read back through source maps, which is slow and says nothing of the input.
  const { stackTraceLimit } = Error;
  beforeAll(() => {
    Error.stackTraceLimit = 0;
  });
  afterAll(() => {
    Error.stackTraceLimit = stackTraceLimit;
  });

  const valid = fc.record({
    customerId: fc.string({ unit: 'binary' }),
    item: fc.string(),
    quantity: fc.integer({ min: 1 }),
    price: fc
      .double({ min: 0, max: Number.MAX_SAFE_INTEGER, noNaN: true, noDefaultInfinity: true })
      .map(price => price + 0),
    purchasedAt: fc
      .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
      .map(d => d.toISOString()),
    cardNumber: fc.integer({ min: 13, max: 19 }).chain(n => fc.stringMatching(new RegExp(`^[0-9]{${n}}$`))),
  });

  it('decode after encode is identity', () => {
    fc.assert(
      fc.property(valid, value => {
        if (!Purchase.is(value)) throw new Error('the arbitrary must make purchases');
        expect(json(Purchase).decode(json(Purchase).encode(value), at)).toEqual(value);
      }),
    );
  });

  it('whatever the bytes, decode gives a value of the type or throws DECODE, and no error holds any of the input', () => {
    const broken = fc.tuple(valid, fc.nat(), fc.uint8Array({ maxLength: 4 })).map(([value, where, patch]) => {
      const bytes = bytesOf(value);
      bytes.set(patch.subarray(0, bytes.length), where % Math.max(1, bytes.length - 4));
      return bytes;
    });
    const misfit = fc.dictionary(fc.string(), fc.jsonValue()).map(more => bytesOf({ ...purchase, ...more }));
    const wrong = fc
      .tuple(valid, fc.constantFrom(...Object.keys(purchase)), fc.jsonValue())
      .map(([value, key, v]) => bytesOf({ ...value, [key]: v }));
    const anyBytes = fc.uint8Array().map(bytes => Buffer.from(bytes));
    const codecs = [
      json(Purchase),
      json(Purchase, { unknownFields: 'refuse' }),
      json(t.intersection([Purchase, t.type({ at: DateFromIso })])),
    ];
    fc.assert(
      fc.property(fc.oneof(broken, misfit, wrong, anyBytes), fc.constantFrom(...codecs), (bytes, codec) => {
        try {
          expect(Purchase.is(codec.decode(bytes, at))).toBe(true);
        } catch (error) {
          if (!isKafkaRxError(error, 'DECODE')) throw error;
          const told = error.message + (error.path ?? '');
          expect(error.cause).toBeUndefined();
          expect(told).not.toMatch(/[0-9]{6}/);
          expect(error.stack).not.toMatch(/[0-9]{6}/);
          const known =
            /^json\((Purchase|\(Purchase & \{ at: DateFromIso \}\))\) cannot decode the record: (the value is empty|the bytes are not (UTF-8|JSON)|it has a field that is called __proto__|(the value|[a-zA-Z]+|\*)(\.(\*|\d+))* is (there twice|a number beyond 2\^53, which loses digits|nested deeper than maxDepth allows)|(the value|customerId|item|quantity|price|purchasedAt|cardNumber|at)( has a field that its type does not declare| is not of type [^"]+)) \(topic transactions, partition 3, offset 41\)/;
          expect(told).toMatch(known);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('json of a Standard Schema', () => {
  interface Price {
    readonly price: number;
  }
  const schema = (validate: (value: unknown) => unknown) =>
    // The shapes under test are what a validator without types can answer.
    json({ '~standard': { version: 1, vendor: 'test', validate: validate as () => { value: Price } } });
  const priced = (value: unknown) => {
    const price = typeof value === 'object' && value !== null && 'price' in value ? value.price : undefined;
    return typeof price === 'number'
      ? { value: { price } }
      : {
          issues: [
            {
              message: `${price} is no number`,
              path: ['price', { key: '4111111111111111' }, 'card4111111111111111', 0],
            },
          ],
        };
  };

  it('uses the output, both ways', () => {
    const codec = schema(priced);
    expect(codec.decode(bytesOf({ price: 1, card: '4111' }), at)).toEqual({ price: 1 });
    const more = { price: 1, card: '4111' };
    expect(String(codec.encode(more))).toBe('{"price":1}');
  });

  it('tells the path, and neither message nor keys that may be values', () => {
    const error = failing(() => schema(priced).decode(bytesOf({ price: '4111111111111111' }), at));
    expect([error.code, error.path, error.at]).toEqual(['DECODE', 'price.*.*.0', at]);
    expect(`${error.message}${error.stack}`).not.toContain('4111');
    const bad: unknown = { price: 'x' };
    expect(failing(() => schema(priced).encode(bad as Price)).code).toBe('ENCODE'); // On purpose not a Price.
  });

  it('an asynchronous answer is CONFIGURATION', () => {
    const late = schema(async value => priced(value));
    expect(failing(() => late.decode(bytesOf({ price: 1 }), at)).code).toBe('CONFIGURATION');
    const failed = schema(() => Promise.reject(new Error('no')));
    expect(failing(() => failed.encode({ price: 1 })).code).toBe('CONFIGURATION');
  });

  it('a schema that throws is DECODE without its message', () => {
    const error = failing(() =>
      schema(value => {
        throw new Error(JSON.stringify(value));
      }).decode(bytesOf('4111'), at),
    );
    expect([error.code, error.cause]).toEqual(['DECODE', undefined]);
    expect(error.message).not.toContain('4111');
  });

  it('what is neither type nor schema, and an option that a schema cannot keep, are CONFIGURATION', () => {
    const take = json as (type: unknown, options?: unknown) => unknown; // As JavaScript calls it.
    for (const bad of [undefined, null, 1, {}, { decode: 1 }]) {
      expect(failing(() => take(bad)).code).toBe('CONFIGURATION');
    }
    const strict = { '~standard': { version: 1, vendor: 'test', validate: priced } };
    expect(failing(() => take(strict, { unknownFields: 'refuse' })).code).toBe('CONFIGURATION');
  });
});

/** As io-ts-types clones a codec before it replaces a part. */
function clone<C extends t.Any>(codec: C): C {
  return Object.assign(Object.create(Object.getPrototypeOf(codec)), codec);
}
