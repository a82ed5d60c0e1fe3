import fc from 'fast-check';
import * as t from 'io-ts';
import { type App, type Codec, json, memoryStore, nullable, string } from 'kafka-rx';
import { mapValue, mask } from 'kafka-rx/operators';
import { testApp } from 'kafka-rx/testing';

const raw = '4111-1111-1111-1111';
const masked = 'xxxx-xxxx-xxxx-1111';

/** Gives what is masked for so many readings, and the card from then on. */
function turning(after: number, first: unknown = masked): () => unknown {
  let reads = 0;
  return () => (reads++ < after ? first : raw);
}

type Disguise = (read: () => unknown) => unknown;

/** Ways for an object to have a card, and to show it to one who reads and not to another. */
const disguises: Readonly<Record<string, Disguise>> = {
  'a plain field': read => ({ id: 'a', card: read() }),
  'an accessor of its own': read => ({
    id: 'a',
    get card() {
      return read();
    },
  }),
  'an accessor of its class': read => {
    class Sale {
      id = 'a';
      get card() {
        return read();
      }
    }
    return new Sale();
  },
  'accessors of its class alone': read => {
    class Sale {
      get id() {
        return 'a';
      }
      get card() {
        return read();
      }
    }
    return new Sale();
  },
  'an inherited field': read => Object.assign(Object.create({ card: read() }), { id: 'a' }),
  'a Proxy': read =>
    new Proxy(
      { id: 'a', card: masked },
      {
        get: (target, name) => (name === 'card' ? read() : Reflect.get(target, name)),
        getOwnPropertyDescriptor: (target, name) => {
          const found = Reflect.getOwnPropertyDescriptor(target, name);
          return found && { ...found, value: name === 'card' ? read() : found.value };
        },
      },
    ),
  'a Proxy that hides it': read =>
    new Proxy(
      { id: 'a' },
      {
        get: (target, name) => (name === 'card' ? read() : Reflect.get(target, name)),
        has: () => true,
      },
    ),
  'a toJSON of its own': read => ({ id: 'a', card: masked, toJSON: () => ({ id: 'a', card: read() }) }),
  'a toJSON of its class': read => {
    class Sale {
      id = 'a';
      card = masked;
      toJSON() {
        return { id: 'a', card: read() };
      }
    }
    return new Sale();
  },
  'a Map': read => new Map([['card', read()]]),
  'a bigint': read => ({ id: 'a', card: read() === raw ? 4111111111111111n : masked }),
  'a number': read => ({ id: 'a', card: read() === raw ? 4111111111111111 : masked }),
  'an array': read => ({ id: 'a', card: [read()] }),
  'an object': read => ({ id: 'a', card: { number: read() } }),
  'a Buffer': read => ({ id: 'a', card: Buffer.from(String(read())) }),
  'a String object': read => ({ id: 'a', card: new String(read()) }),
};

const wraps: Readonly<Record<string, { readonly path: string; readonly wrap: (value: unknown) => unknown }>> =
  {
    'at the top': { path: 'card', wrap: value => value },
    'in an object': { path: 'sale.card', wrap: value => ({ sale: value }) },
    'in an array': { path: 'sales.*.card', wrap: value => ({ sales: [{ id: 'b' }, value] }) },
    'in a record': { path: 'by.*.card', wrap: value => ({ by: { x: value } }) },
    'behind an accessor': {
      path: 'sale.card',
      wrap: value => ({
        get sale() {
          return value;
        },
      }),
    },
  };

const Card = t.union([t.string, t.number, t.null]);
const Strict = t.strict({ id: t.string, card: Card });
const Loose = t.partial({ id: t.string, card: t.unknown });
const Any = t.partial({
  sale: Loose,
  sales: t.array(Loose),
  by: t.record(t.string, Loose),
  id: t.string,
  card: t.unknown,
});
const Encoded = new t.Type<unknown, unknown>('Encoded', t.unknown.is, t.success, value => value);
/** As validators that give back what they were given. */
const standard = {
  '~standard': { version: 1, vendor: 'same', validate: (value: unknown) => ({ value }) },
} as const;

const codecs: Readonly<Record<string, Codec<unknown>>> = {
  'of exact fields': json(Strict) as Codec<unknown>,
  'of optional fields': json(Any) as Codec<unknown>,
  'of exact fields in each other': json(t.strict({ sale: Strict })) as Codec<unknown>,
  'of a union': json(
    t.union([Strict, t.strict({ sale: Strict }), t.strict({ by: t.record(t.string, Strict) })]),
  ) as Codec<unknown>,
  'of an intersection': json(
    t.intersection([t.type({ id: t.string }), t.partial({ card: Card })]),
  ) as Codec<unknown>,
  'of anything': json(t.unknown) as Codec<unknown>,
  'of a record of anything': json(t.UnknownRecord) as Codec<unknown>,
  'with an encode of its own': json(Encoded),
  'that may be null': nullable(json(Any) as Codec<unknown>),
  'of a Standard Schema': json(standard as never) as Codec<unknown>,
  "of the user's": {
    name: 'own',
    decode: bytes => bytes,
    encode: value => Buffer.from(JSON.stringify(value) ?? 'null'),
  },
};

const digits = /4111/;

async function written(make: () => unknown, path: string, codec: Codec<unknown>, masking: boolean) {
  const store = memoryStore<unknown>('history');
  const topology = (app: App): void => {
    const made$ = app.topic('in', { value: string }).pipe(mapValue(make));
    const sinks$ = masking ? made$.pipe(mask(path as never, { optional: true })) : made$;
    sinks$.subscribe(app.to('out', { value: codec as Codec<unknown>, keyBy: () => null }) as never);
    sinks$.subscribe(app.store(store as never));
  };
  const test = await testApp(topology, {
    policies: { encode: 'skip', process: 'skip' },
    guard: masking ? {} : { fields: [path] },
  });
  test.pipeIn('in', [{ value: 'x' }]);
  await test.idle();
  const out = test.broker.records('out').map(({ value }) => String(value));
  const stored = store.documents().map(({ value }) => value);
  await test.stop();
  return { out, stored };
}

/** What a reader of the document gets, at a path, whatever number of times. */
function readAt(value: unknown, segments: readonly string[]): unknown[] {
  const [segment, ...rest] = segments;
  if (segment === undefined)
    return [String(value), JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? String(one) : one))];
  if (typeof value !== 'object' || value === null) return [];
  const inner =
    segment === '*'
      ? Object.values(value)
      : [Reflect.get(value, segment), value instanceof Map ? value.get(segment) : undefined];
  return inner.flatMap(one => readAt(one, rest));
}

describe.each([
  ['a field of the guard', false],
  ['a masked field', true],
])('%s', (_, masking) => {
  test('is in nothing that a topic or store is given, however the value hides it', async () => {
    const cases = fc.record({
      disguise: fc.constantFrom(...Object.keys(disguises)),
      wrap: fc.constantFrom(...Object.keys(wraps)),
      codec: fc.constantFrom(...Object.keys(codecs)),
      after: fc.nat({ max: 7 }),
      first: fc.constantFrom(masked, undefined, null),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ disguise, wrap, codec, after, first }) => {
        const { path, wrap: wrapped } = wraps[wrap] ?? { path: '', wrap: (value: unknown) => value };
        const make = (): unknown => wrapped(disguises[disguise]?.(turning(after, first)));
        const { out, stored } = await written(make, path, codecs[codec] as Codec<unknown>, masking);
        expect(out.filter(text => digits.test(text))).toEqual([]);
        for (const document of stored) {
          const read = Array.from({ length: 9 }, () => readAt(document, path.split('.'))).flat();
          expect(read.filter(text => digits.test(String(text)))).toEqual([]);
        }
      }),
      { numRuns: 400 },
    );
  }, 60_000);
});

describe('what is masked goes through', () => {
  test.each(Object.keys(codecs))('with a codec %s', async name => {
    const codec = codecs[name] as Codec<unknown>;
    const path = name.endsWith('in each other') ? 'sale.card' : 'card';
    const flat = { id: 'a', card: masked };
    const value = path === 'card' ? flat : { sale: flat };
    const { out, stored } = await written(() => value, path, codec, false);
    expect(out.map(text => JSON.parse(text))).toEqual([value]);
    expect(stored).toEqual([value]);
  });
});

describe('json() of an instance of a class', () => {
  class Sale {
    get id() {
      return 'a';
    }
    get card() {
      return masked;
    }
  }
  const encoded = (codec: Codec<unknown>, value: unknown): string => {
    try {
      return String(codec.encode(value));
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  test('writes the declared fields that its class computes, each read once', () => {
    for (const codec of ['of exact fields', 'of optional fields', 'of a union', 'of an intersection']) {
      expect(encoded(codecs[codec] as Codec<unknown>, new Sale())).toBe(`{"id":"a","card":"${masked}"}`);
    }
    let reads = 0;
    const counting = {
      get id() {
        reads++;
        return reads === 1 ? 'a' : 7;
      },
      card: masked,
    };
    expect(
      encoded(json(t.intersection([Strict, t.partial({ x: t.string })])) as Codec<unknown>, counting),
    ).toBe(`{"id":"a","card":"${masked}"}`);
  });

  test.each([
    ['an instance without fields of its own', new Sale()],
    ['a Map', new Map([['a', 1]])],
    ['a Set', new Set([1])],
    ['a promise', Promise.resolve(1)],
    ['one inside', { a: [new Map()] }],
  ])('refuses %s where no type says what to write: JSON would write {}', (_what, value) => {
    expect(encoded(json(t.unknown), value)).toBe('ENCODE');
    expect(encoded(json(standard as never), value)).toBe('ENCODE');
  });

  test('does not take a Map or a Date for a record', () => {
    for (const type of [t.partial({ a: t.string }), t.record(t.string, t.string)]) {
      expect(encoded(json(type as t.Mixed), new Map([['a', 'b']]))).toBe('ENCODE');
      expect(encoded(json(type as t.Mixed), new Date(0))).toBe('ENCODE');
    }
    expect(encoded(json(t.array(t.string)) as Codec<unknown>, Array(2))).toBe('ENCODE');
  });
});
