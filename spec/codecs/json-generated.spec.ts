import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import * as t from 'io-ts';
import { CardNumber, IsoTimestamp, NonNegative, PositiveInt } from '../../lib/codecs/io-ts.js';
import { jsonOfType, noFastWays } from '../../lib/codecs/json-of-type.js';
import type { JsonOptions } from '../../lib/codecs/json-options.js';
import { readerOf } from '../../lib/codecs/json-reader.js';
import { writerOf } from '../../lib/codecs/json-writer.js';
import { planOf } from '../../lib/codecs/record-plan.js';
import { isKafkaRxError } from '../../lib/errors/errors.js';

const at = { topic: 'transactions', partition: 3, offset: 41 };

const Purchase = t.strict(
  { id: t.string, quantity: PositiveInt, price: NonNegative, at: IsoTimestamp, card: CardNumber },
  'Purchase',
);
const purchase = {
  id: 'c-1',
  quantity: 2,
  price: 29.5,
  at: '1997-01-12T00:00:00Z',
  card: '1234-5678-1234-1233',
};

/** Every kind of field that code is generated for, under names that are hard to write. */
const Mixed = t.type(
  {
    text: t.string,
    'naïve "name"\\\n\u2028${`': t.number,
    7: t.boolean,
    nothing: t.null,
    kind: t.keyof({ a: null, 'b"': null }),
    literal: t.union([t.literal('x'), t.literal(1), t.literal(false)]),
    maybe: t.union([t.string, t.null]),
    any: t.union([t.string, t.number, t.boolean, t.null]),
    inner: t.readonly(t.strict({ deeper: t.type({ x: t.number, s: t.string }), none: t.type({}) })),
    last: t.union([t.number, t.null]),
  },
  'Mixed',
);
const mixed = {
  text: 'text',
  'naïve "name"\\\n\u2028${`': 1.25,
  7: true,
  nothing: null,
  kind: 'a',
  literal: 'x',
  maybe: null,
  any: 'any',
  inner: { deeper: { x: 1, s: 'some text that is longer' }, none: {} },
  last: 0,
};

const types: readonly (readonly [t.Mixed, object])[] = [
  [Purchase, purchase],
  [Mixed, mixed],
];

const optionsOf: readonly JsonOptions[] = [
  {},
  { unknownFields: 'refuse' },
  { duplicateKeys: 'last', unsafeNumbers: 'allow' },
  { maxDepth: 1 },
  { maxBytes: 100 },
];

/** Each type with each of the options, and with and without generated code. */
const pairs = types.flatMap(([type, sample]) =>
  optionsOf.map(options => ({
    sample,
    fast: jsonOfType<unknown>(type, options),
    general: jsonOfType<unknown>(type, options, noFastWays),
  })),
);

function outcome(run: () => unknown): unknown {
  try {
    const value = run();
    return { value, text: Buffer.isBuffer(value) ? value.toString('latin1') : JSON.stringify(value) };
  } catch (error) {
    if (!isKafkaRxError(error)) throw error;
    const { code, message, path, rule } = error;
    return { code, message, path, rule };
  }
}

function waysOf(type: t.Mixed) {
  const plan = planOf(type);
  const read = plan && readerOf(plan);
  const write = plan && writerOf(plan);
  if (read === undefined || write === undefined) throw new Error('code must be generated for it');
  return { read, write };
}

/** Numbers as texts: of all lengths, with exponents, zeros and signs where they may and may not be. */
const numberText = fc.oneof(
  fc.double().map(String),
  fc.integer().map(String),
  fc.maxSafeInteger().map(String),
  fc.tuple(fc.integer(), fc.nat(9999)).map(([a, b]) => `${a}.${b}`),
  fc.stringMatching(/^-?[0-9]{1,20}(\.[0-9]{0,20})?([eE][+-]?[0-9]{1,3})?$/),
  fc.constantFrom(
    '-0',
    '-0.0',
    '0.0',
    '00',
    '01',
    '-',
    '.5',
    '5.',
    '-01',
    '1e400',
    '9007199254740993',
    '0.30000000000000004',
  ),
);

const fieldText = fc.oneof(
  numberText,
  fc.string({ unit: 'binary', maxLength: 40 }).map(text => JSON.stringify(text)),
  fc
    .string({
      unit: fc.constantFrom('a', '"', '\\', '\n', '\u0000', '\u001f', '\u007f', 'é', '\ud83d\ude00', '{'),
    })
    .map(s => `"${s}"`),
  fc.constantFrom('true', 'false', 'null', 'tru', '{}', '[]', '""', '"\\u0061"', '"a', 'undefined', 'NaN'),
);

/** Something done to a text that is as the reader wants it. */
const change: fc.Arbitrary<(text: string) => string> = fc.oneof(
  fc.constant((text: string) => text),
  fc.tuple(fc.nat(), fieldText).map(([where, field]) => replacedField(where, field)),
  fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => (text: string) => {
    const entries = text.slice(1, -1).split(',');
    const moved = entries.splice(a % entries.length, 1);
    entries.splice(b % (entries.length + 1), 0, ...moved);
    return `{${entries.join(',')}}`;
  }),
  fc.nat().map(where => (text: string) => {
    const entries = text.slice(1, -1).split(',');
    const again = entries[where % entries.length] ?? '';
    return `{${[...entries, again].join(',')}}`;
  }),
  fc
    .tuple(fc.nat(), fc.constantFrom(' ', '\n', '\\', '"', ',', '}', '0', '\u0001', 'é', '"more":1,'))
    .map(([where, piece]) => inserted(where, piece)),
  fc.nat().map(where => (text: string) => text.slice(0, where % text.length)),
  fc.nat().map(where => (text: string) => cut(text, where % text.length)),
  fc.constantFrom(' ', '}', 'x', '\u0000').map(tail => (text: string) => text + tail),
);

function replacedField(where: number, field: string) {
  return (text: string): string => {
    const values = [...text.matchAll(/:("[^"]*"|[^,"{}]+)/g)];
    const hit = values[where % values.length];
    if (hit === undefined) return text;
    return `${text.slice(0, hit.index + 1)}${field}${text.slice(hit.index + hit[0].length)}`;
  };
}

function inserted(where: number, piece: string) {
  return (text: string): string => {
    const i = where % (text.length + 1);
    return text.slice(0, i) + piece + text.slice(i);
  };
}

function cut(text: string, at: number): string {
  return text.slice(0, at) + text.slice(at + 1);
}

describe('json: generated code', () => {
  it.each(types)('reads and writes what producers of the same type write: %p', (type, sample) => {
    const { read, write } = waysOf(type);
    for (const value of [sample, JSON.parse(JSON.stringify(sample)) as object]) {
      const bytes = Buffer.from(JSON.stringify(value));
      // What has to be escaped anywhere but in a name goes the general way.
      expect(read(bytes)).toStrictEqual(JSON.parse(String(bytes)));
      expect(Object.keys(read(bytes) ?? {})).toEqual(Object.keys(value));
      expect(String(write(value))).toBe(String(bytes));
    }
  });

  it('gives the value or the error of the general way, whatever the text', () => {
    let hits = 0;
    fc.assert(
      fc.property(fc.constantFrom(...pairs), fc.array(change, { maxLength: 3 }), (pair, changes) => {
        const text = changes.reduce((before, make) => make(before), JSON.stringify(pair.sample));
        const bytes = Buffer.from(text);
        const general = outcome(() => pair.general.decode(bytes, at));
        expect(outcome(() => pair.fast.decode(bytes, at))).toStrictEqual(general);
        if (typeof general === 'object' && general !== null && 'value' in general) hits++;
      }),
      { numRuns: 4000 },
    );
    expect(hits).toBeGreaterThan(1000);
  });

  it('gives the value or the error of the general way, whatever the bytes', () => {
    const patch = fc.tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 4 }));
    fc.assert(
      fc.property(fc.constantFrom(...pairs), patch, (pair, [where, bytes]) => {
        const broken = Buffer.from(JSON.stringify(pair.sample));
        broken.set(bytes, where % (broken.length - 4));
        expect(outcome(() => pair.fast.decode(broken, at))).toStrictEqual(
          outcome(() => pair.general.decode(broken, at)),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('takes a number for the one that JSON.parse takes it for, or leaves it alone', () => {
    const { read } = waysOf(t.type({ n: t.number }));
    let taken = 0;
    fc.assert(
      fc.property(numberText, text => {
        const record = read(Buffer.from(`{"n":${text}}`));
        if (record === undefined) return;
        taken++;
        expect(record).toStrictEqual(JSON.parse(`{"n":${text}}`));
      }),
      { numRuns: 5000 },
    );
    expect(taken).toBeGreaterThan(1000);
  });

  it('writes text and numbers as JSON.stringify does, or leaves them alone', () => {
    const { write } = waysOf(t.type({ n: t.number, s: t.string }));
    const number = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.maxSafeInteger(),
      fc
        .tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.constantFrom(1, 10, 1e2, 1e3, 1e4, 1e5, 1e6))
        .map(([a, b]) => a / b),
      fc.constantFrom(
        -0,
        0,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        1e9,
        1e21,
        2 ** 31,
        -(2 ** 31),
        0.00005,
        999999999.9999,
      ),
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ maxLength: 200 }),
      fc.string({
        unit: fc.constantFrom('a', 'é', '漢', '\ud83d', '\ude00', '"', '\u007f', '\u001f'),
        maxLength: 200,
      }),
    );
    let written = 0;
    fc.assert(
      fc.property(number, text, (n, s) => {
        const bytes = write({ n, s });
        if (bytes === undefined) return;
        written++;
        expect(String(bytes)).toBe(JSON.stringify({ n, s }));
      }),
      { numRuns: 5000 },
    );
    expect(written).toBeGreaterThan(1000);
  });

  it('writes the bytes or gives the error of the general way, whatever the value', () => {
    const anything = fc.oneof(
      fc.anything(),
      fc.double(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(undefined, null, -0, Number.NaN, '\ud800', 'x"', 'é', 1e21, '1997-01-12'),
    );
    const spoilt = fc
      .tuple(fc.constantFrom(...pairs), fc.nat(), anything, fc.nat(5))
      .map(([pair, where, v, how]) => {
        const keys = Object.keys(pair.sample);
        const name = keys[where % keys.length] ?? '';
        const entries = Object.entries(pair.sample);
        const value: object =
          how === 0
            ? { ...pair.sample, more: v }
            : how === 1
              ? Object.fromEntries([
                  ...entries.slice(where % keys.length),
                  ...entries.slice(0, where % keys.length),
                ])
              : how === 2
                ? Object.fromEntries(entries.filter(([key]) => key !== name))
                : { ...pair.sample, [name]: v };
        return { pair, value };
      });
    fc.assert(
      fc.property(spoilt, ({ pair, value }) => {
        expect(outcome(() => pair.fast.encode(value))).toStrictEqual(
          outcome(() => pair.general.encode(value)),
        );
      }),
      { numRuns: 3000 },
    );
  });

  class Instance {
    constructor(fields: object) {
      Object.assign(this, fields);
    }
    toJSON(): unknown {
      return { stolen: '4111111111111111' };
    }
  }
  const { card, ...cardless } = purchase;
  it.each<readonly [string, () => unknown]>([
    ['an instance of a class with toJSON', () => new Instance(purchase)],
    ['an own toJSON', () => ({ ...purchase, toJSON: () => ({ other: 1 }) })],
    ['a hidden own toJSON', () => Object.defineProperty({ ...purchase }, 'toJSON', { value: () => 1 })],
    ['a getter', () => Object.defineProperty({ ...cardless }, 'card', { get: () => card, enumerable: true })],
    [
      'a getter that throws',
      () =>
        Object.defineProperty({ ...cardless }, 'card', {
          get: () => {
            throw new Error('no');
          },
          enumerable: true,
        }),
    ],
    ['a field that is hidden', () => Object.defineProperty({ ...purchase }, 'card', { enumerable: false })],
    ['no prototype', () => Object.assign(Object.create(null), purchase)],
    ['fields of the prototype', () => Object.create(purchase)],
    ['an array', () => Object.assign([], purchase)],
    ['an array in disguise', () => Object.setPrototypeOf(Object.assign([], purchase), Object.prototype)],
    ['a proxy', () => new Proxy({ ...purchase }, {})],
    ['a String object', () => ({ ...purchase, id: Object('c-1') })],
    ['null', () => null],
    ['text', () => 'text'],
    ['undefined', () => undefined],
  ])('writes as the general way does: %s', (_, make) => {
    for (const options of optionsOf) {
      const fast = jsonOfType<unknown>(Purchase, options);
      const general = jsonOfType<unknown>(Purchase, options, noFastWays);
      expect(outcome(() => fast.encode(make()))).toStrictEqual(outcome(() => general.encode(make())));
    }
  });

  it('writes as the general way does where Object.prototype is polluted', () => {
    const { write } = waysOf(Purchase);
    const polluted = (name: string, enumerable: boolean, value: unknown, run: () => void): void => {
      Object.defineProperty(Object.prototype, name, { value, enumerable, configurable: true });
      try {
        run();
      } finally {
        Reflect.deleteProperty(Object.prototype, name);
      }
    };
    const results: unknown[] = [];
    polluted('card', true, card, () => results.push(write({ ...cardless })));
    polluted('more', true, 1, () => results.push(write({ ...purchase })));
    polluted(
      'toJSON',
      false,
      () => 1,
      () => results.push(write({ ...purchase })),
    );
    expect(results).toEqual([undefined, undefined, undefined]);
  });

  it('keeps nothing of the record alive but the fields that are kept', () => {
    const { read } = waysOf(t.type({ big: t.string, card: t.string, a: t.string, b: t.string }));
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const used = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = used();
    const kept = Array.from({ length: 200 }, (_, i) => {
      const record = { big: 'x'.repeat(100_000), card: `xxxx-xxxx-xxxx-${i + 1000}`, a: 'a', b: 'b' };
      const value: Partial<typeof record> = read(Buffer.from(JSON.stringify(record))) ?? {};
      return value.card;
    });
    expect(used() - before).toBeLessThan(5_000_000);
    expect(kept[7]).toBe('xxxx-xxxx-xxxx-1007');
  });

  it('gives values of their own: a later one does not change an earlier one', () => {
    const { write } = waysOf(Purchase);
    const made = Array.from({ length: 300 }, (_, quantity) => write({ ...purchase, quantity: quantity + 1 }));
    made.forEach((bytes, i) => {
      expect(String(bytes)).toBe(JSON.stringify({ ...purchase, quantity: i + 1 }));
    });
  });

  it('gives values that take no others along to another thread', () => {
    const { write } = waysOf(Purchase);
    const first = write(purchase);
    const second = write(purchase);
    try {
      structuredClone(second, { transfer: second === undefined ? [] : [second.buffer as ArrayBuffer] });
    } catch {
      // Refused by some versions of Node, and copied by others.
    }
    expect(String(first)).toBe(JSON.stringify(purchase));
  });

  it('is made for no type that it could misread', () => {
    const replaced = Object.assign(Object.create(Object.getPrototypeOf(Purchase)), Purchase, {
      is: () => false,
    });
    const fields = JSON.parse('{"__proto__":1}') as object;
    const proto = t.type(Object.fromEntries(Object.keys(fields).map(key => [key, t.string])));
    expect(Object.keys(proto.props)).toEqual(['__proto__']);
    const narrower = t.refinement(Purchase, () => false);
    const many = t.type(Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`f${i}`, t.string])));
    const others = [
      t.partial({ a: t.string }),
      t.string,
      t.record(t.string, t.string),
      t.type({ a: t.array(t.string) }),
    ];
    for (const type of [replaced, proto, narrower, many, t.type({ toJSON: t.string }), ...others]) {
      expect(planOf(type)).toBeUndefined();
    }
  });

  it('asks the `is` of a leaf that replaced it', () => {
    const Short = Object.assign(Object.create(Object.getPrototypeOf(t.string)), t.string, {
      is: (u: unknown) => typeof u === 'string' && u.length < 3,
    });
    const { read, write } = waysOf(t.type({ a: Short }));
    expect([read(Buffer.from('{"a":"xy"}')), read(Buffer.from('{"a":"xyz"}'))]).toEqual([
      { a: 'xy' },
      undefined,
    ]);
    expect([String(write({ a: 'xy' })), write({ a: 'xyz' })]).toEqual(['{"a":"xy"}', undefined]);
  });

  it('is done without where the process forbids it', () => {
    const lib = join(__dirname, '../../lib');
    const program = `
      import * as t from 'io-ts';
      import { json } from '${lib}/codecs/json.ts';
      import { readerOf } from '${lib}/codecs/json-reader.ts';
      import { planOf } from '${lib}/codecs/record-plan.ts';
      const type = t.strict({ a: t.string, n: t.number });
      const codec = json(type);
      const bytes = codec.encode({ a: 'x', n: 1 });
      console.log(String(bytes), JSON.stringify(codec.decode(bytes, {})), typeof readerOf(planOf(type)));`;
    const run = (...flags: string[]): string =>
      spawnSync(process.execPath, [...flags, '--import', 'tsx', '--input-type=module', '-e', program], {
        cwd: join(lib, '..'),
        encoding: 'utf8',
      }).stdout.trim();
    expect(run()).toBe('{"a":"x","n":1} {"a":"x","n":1} function');
    expect(run('--disallow-code-generation-from-strings')).toBe('{"a":"x","n":1} {"a":"x","n":1} undefined');
  });
});
