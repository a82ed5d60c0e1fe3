import { types } from 'node:util';
import fc from 'fast-check';
import * as t from 'io-ts';
import { json } from '../../lib/codecs/json.js';
import { jsonOfType, noFastWays } from '../../lib/codecs/json-of-type.js';
import type { JsonOptions } from '../../lib/codecs/json-options.js';
import { number } from '../../lib/codecs/number.js';
import type { StandardSchema } from '../../lib/codecs/standard-schema.js';
import { string } from '../../lib/codecs/string.js';
import { isKafkaRxError } from '../../lib/errors/errors.js';

const at = { topic: 'orders', partition: 0, offset: 7 };

const anySchema: StandardSchema<unknown, unknown> = {
  '~standard': { version: 1, vendor: 'any', validate: value => ({ value }) },
};

const optionsOf: readonly JsonOptions[] = [
  {},
  { unsafeNumbers: 'allow' },
  { maxDepth: 2 },
  { maxBytes: 40 },
  { duplicateKeys: 'last' },
];

const Numbers = t.type({ n: t.number, s: t.string, inner: t.type({ m: t.union([t.number, t.null]) }) });

/** Codecs that take anything where the value to be written is put, and where that is. */
const codecs = optionsOf.flatMap(options => [
  { of: 'unknown', codec: json(t.unknown, options), put: (v: unknown) => v },
  { of: 'schema', codec: json(anySchema, options as object), put: (v: unknown) => v },
  { of: 'field', codec: json(t.type({ any: t.unknown }), options), put: (v: unknown) => ({ any: v }) },
  { of: 'items', codec: json(t.array(t.unknown), options), put: (v: unknown) => [v] },
  { of: 'dictionary', codec: json(t.record(t.string, t.unknown), options), put: (v: unknown) => v },
]);

/** What is hard for JSON, at any depth. */
const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withObjectString: true,
  withSparseArray: true,
  withTypedArray: true,
  values: [
    fc.anything({ maxDepth: 0 }),
    fc.double(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom<unknown>(
      2 ** 53,
      -(2 ** 53),
      2 ** 53 - 1,
      1e300,
      -0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      1n,
    ),
    fc.constantFrom<unknown>(
      undefined,
      '\ud800',
      Symbol('s'),
      () => 1,
      new Date(Number.NaN),
      new Date(0),
      /x/,
      new Error('e'),
    ),
    fc.constantFrom<unknown>(
      JSON.parse('{"__proto__":1}'),
      { toJSON: () => undefined },
      { toJSON: () => ({ a: Number.NaN }) },
    ),
    fc.constantFrom<unknown>(
      Object(1),
      Object(Number.NaN),
      Object(1n),
      Object('x'),
      new Uint8Array(2),
      Buffer.from('x'),
      new Array(1),
      [undefined],
    ),
  ],
});

/** The value that JSON has for it: undefined fields are not there, Dates are text, -0 is 0. */
function jsonValue(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function outcome(encode: () => Buffer | null): Buffer | undefined {
  try {
    return encode() ?? undefined;
  } catch (error) {
    if (!isKafkaRxError(error, 'ENCODE')) throw error;
    expect(error.remedy).toBeTruthy();
    expect(error.message).toContain('cannot encode what it was given: ');
    return undefined;
  }
}

/** Nothing of it was turned into another value by JSON.stringify: told apart from it, by its kinds and numbers. */
function isLossless(value: unknown): boolean {
  if (value instanceof Date) return !Number.isNaN(value.getTime());
  if (
    typeof value === 'object' &&
    value !== null &&
    'toJSON' in value &&
    typeof value.toJSON === 'function'
  ) {
    const given: unknown = value.toJSON();
    return given !== undefined && isLossless(given);
  }
  const inner = types.isBoxedPrimitive(value) ? Object(value).valueOf() : value;
  switch (typeof inner) {
    case 'number':
      return Number.isFinite(inner);
    case 'string':
    case 'boolean':
      return true;
    case 'object':
      if (inner === null) return true;
      if (Array.isArray(inner)) return Array.from(inner).every(isLossless);
      if (inner instanceof Map || inner instanceof Set || ArrayBuffer.isView(inner)) return false;
      return Object.values(inner).every(one => one === undefined || isLossless(one));
    default:
      return false;
  }
}

describe('json: what encode accepts, decode reads back', () => {
  test('as the same JSON value, whatever it is', () => {
    let accepted = 0;
    let refused = 0;
    fc.assert(
      fc.property(fc.constantFrom(...codecs), anything, ({ codec, put }, given) => {
        const value = put(given);
        const bytes = outcome(() => (codec.encode as (value: unknown) => Buffer | null)(value));
        if (bytes === undefined) {
          refused++;
          return;
        }
        accepted++;
        expect(codec.decode(bytes, at)).toEqual(jsonValue(value));
        expect(isLossless(value)).toBe(true);
      }),
      { numRuns: 5000 },
    );
    expect(accepted).toBeGreaterThan(500);
    expect(refused).toBeGreaterThan(500);
  });

  test('alike by generated code and in general, whatever number and depth', () => {
    const numberOf = fc.oneof(
      fc.double(),
      fc.maxSafeInteger(),
      fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(Number),
      fc.constantFrom(
        2 ** 53,
        2 ** 53 - 1,
        -(2 ** 53),
        1e300,
        Number.MAX_VALUE,
        Number.POSITIVE_INFINITY,
        -0,
      ),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...optionsOf, { maxDepth: 1 }),
        numberOf,
        numberOf,
        fc.string(),
        (options, n, m, s) => {
          const value = { n, s, inner: { m } };
          const told = [jsonOfType(Numbers, options), jsonOfType(Numbers, options, noFastWays)].map(codec => {
            try {
              const bytes = codec.encode(value) ?? Buffer.alloc(0);
              expect(codec.decode(bytes, at)).toEqual(jsonValue(value));
              return String(bytes);
            } catch (error) {
              if (!isKafkaRxError(error, 'ENCODE')) throw error;
              return `${error.path}: ${error.message}`;
            }
          });
          expect(told[0]).toBe(told[1]);
        },
      ),
      { numRuns: 2000 },
    );
  });

  const circle: { self?: unknown } = {};
  circle.self = circle;
  const deep = (depth: number): unknown => (depth === 0 ? 1 : { a: deep(depth - 1) });
  const unknown = json(t.type({ rows: t.array(t.unknown) }));
  test.each<[string, unknown, string]>([
    ['an integer beyond 2^53', 2 ** 53, 'a number beyond 2^53'],
    ['1e300', 1e300, 'a number beyond 2^53'],
    ['NaN', Number.NaN, 'a number that is not finite'],
    ['a boxed NaN', Object(Number.NaN), 'a number that is not finite'],
    ['a bigint', 1n, 'a bigint, for which JSON has no form'],
    ['undefined', undefined, 'undefined, which JSON would turn into null'],
    ['an invalid Date', new Date(Number.NaN), 'an invalid Date'],
    ['a function', () => 1, 'a function, for which JSON has no form'],
    ['a symbol', Symbol('x'), 'a symbol, for which JSON has no form'],
    ['a Map', new Map([[1, 2]]), 'a Map, for which JSON has no form'],
    ['a Map with a field', Object.assign(new Map(), { a: 1 }), 'a Map'],
    ['a Set', new Set([1]), 'a Set'],
    ['bytes', new Uint8Array(1), 'bytes'],
    ['an Error', Object.assign(new Error('e'), { code: 1 }), 'an Error'],
    [
      'what gives undefined as its JSON',
      { toJSON: () => undefined },
      'something whose toJSON gives undefined',
    ],
    ['an own __proto__', JSON.parse('{"__proto__":1}'), 'an object with a field that is called __proto__'],
    ['a circle', circle, 'rows.0.* is an object that holds itself'],
    ['a depth beyond maxDepth', deep(70), 'nested deeper than maxDepth allows'],
  ])('%s is refused with its path and a remedy', (_, given, what) => {
    let error: unknown;
    try {
      unknown.encode({ rows: [given] });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      code: 'ENCODE',
      path: expect.stringMatching(/^rows\.0/),
      remedy: expect.any(String),
    });
    expect(String(error)).toContain(what);
  });

  test('a function among the fields is refused, and a field that is undefined is one that is not there', () => {
    const codec = json(t.unknown);
    expect(() => codec.encode({ a: { run: () => 1 } })).toThrow('a function, for which JSON has no form');
    expect(String(codec.encode({ a: undefined, b: 1 }))).toBe('{"b":1}');
  });

  test('a Map where a type has a record is refused with its path', () => {
    const codec = json(t.type({ inner: t.partial({ a: t.string }) }));
    expect(() => codec.encode({ inner: new Map() as object })).toThrow(
      expect.objectContaining({ code: 'ENCODE', path: 'inner' }),
    );
  });

  test('an own __proto__ in a dictionary is refused, also where the type writes values itself', () => {
    const evil: Record<string, number> = JSON.parse('{"a":1,"__proto__":2}');
    const Text = new t.Type<number, string>(
      'Text',
      t.number.is,
      (u, c) => (typeof u === 'string' ? t.success(Number(u)) : t.failure(u, c)),
      String,
    );
    for (const codec of [json(t.record(t.string, t.number)), json(t.record(t.string, Text))])
      expect(() => codec.encode(evil)).toThrow('a field that is called __proto__');
  });

  test('a lone surrogate comes back as it was: JSON writes it as an escape', () => {
    const codec = json(t.type({ s: t.string }));
    expect(codec.decode(codec.encode({ s: 'a\ud800b' }), at)).toEqual({ s: 'a\ud800b' });
  });

  test('string and number read back what they write', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\ufeffx', '', '\ud800')), text => {
        const bytes = outcome(() => string.encode(text));
        if (bytes !== undefined) expect(string.decode(bytes, at)).toBe(text);
      }),
    );
    fc.assert(
      fc.property(fc.double(), value => {
        const bytes = outcome(() => number.encode(value));
        if (bytes !== undefined) expect(number.decode(bytes, at)).toBe(value);
      }),
    );
  });
});
