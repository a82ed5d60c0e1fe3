import fc from 'fast-check';
import { nullable } from '../../../../lib/codecs/nullable.js';
import { number } from '../../../../lib/codecs/number.js';
import { string } from '../../../../lib/codecs/string.js';
import { isKafkaRxError } from '../../../../lib/errors/errors.js';
import {
  type Aggregate,
  all,
  approxDistinct,
  collect,
  countDistinct,
  counter,
  first,
  last,
  max,
  mean,
  min,
  sum,
  topK,
  variance,
} from '../../../../operators/state/index.js';
import { type Added, fold, resultOf } from './fold.js';

const at = { topic: 't', partition: 0, offset: 7 };
const itself = (value: number): number => value;
const text = (value: number): string => String(value);

interface Case {
  readonly name: string;
  readonly aggregate: Aggregate<number, unknown, unknown>;
  /** Whether the order in which records come is none of its affair: their timestamps differ. */
  readonly anyOrder: boolean;
}

const called = (name: string, aggregate: Aggregate<number, unknown, unknown>, anyOrder: boolean): Case => ({
  name,
  aggregate,
  anyOrder,
});

const cases: readonly Case[] = [
  called('count', counter(), true),
  called('sum', sum(itself), true),
  called('min', min(itself), true),
  called('max', max(itself), true),
  called('min by', min({ by: value => value % 10, codec: number }), true),
  called('max by', max({ by: value => value % 10, codec: number }), true),
  called('min compared', min({ compare: (a: number, b: number) => (a % 7) - (b % 7), codec: number }), true),
  called('first', first(number), true),
  called('last', last(number), true),
  called('collect the first', collect({ max: 3, codec: number, beyond: 'keepFirst' }), false),
  called('collect the last', collect({ max: 3, codec: number }), false),
  called('topK', topK(3, { by: value => value % 10, codec: number }), true),
  called('topK of ids', topK(3, { by: itself, id: value => String(value % 5), codec: number }), true),
  called('countDistinct', countDistinct(text, { max: 1000 }), true),
  called('approxDistinct', approxDistinct(text, { precision: 4 }), true),
  called('all', all({ n: counter(), total: sum(itself), top: topK(2, { by: itself, codec: number }) }), true),
];

/** Different timestamps, in no order. */
const records = fc
  .uniqueArray(fc.nat({ max: 10_000 }), { maxLength: 30 })
  .chain(timestamps =>
    fc.tuple(
      ...timestamps.map(timestamp =>
        fc.record({ value: fc.integer({ min: 0, max: 99 }), timestamp: fc.constant(timestamp) }),
      ),
    ),
  )
  .map((all): readonly Added<number>[] => all);

const bytesOf = ({ codec }: Aggregate<number, unknown, unknown>, kept: unknown): string | undefined =>
  codec.encode(kept)?.toString('hex');

/** What two must agree in: the result, or the code of what is thrown. */
function shown(aggregate: Aggregate<number, unknown, unknown>, kept: unknown): unknown {
  try {
    return resultOf(aggregate, kept);
  } catch (error) {
    return isKafkaRxError(error) ? error.code : error;
  }
}

describe.each(cases)('$name', ({ aggregate }) => {
  const seen = (kept: unknown): unknown => shown(aggregate, kept);

  test('is read back as it was written, and goes on as if it had never been', () => {
    fc.assert(
      fc.property(records, records, (before, after) => {
        const kept = fold(aggregate, before);
        const read = aggregate.codec.decode(aggregate.codec.encode(kept), at);
        expect(bytesOf(aggregate, read)).toBe(bytesOf(aggregate, kept));
        expect(seen(read)).toEqual(seen(kept));
        expect(seen(fold(aggregate, after, read))).toEqual(seen(fold(aggregate, after, kept)));
      }),
    );
  });

  test('adding and merging change nothing of what they are handed', () => {
    fc.assert(
      fc.property(records, records, fc.nat({ max: 99 }), (some, others, value) => {
        const [kept, other] = [fold(aggregate, some), fold(aggregate, others)];
        const before = [bytesOf(aggregate, kept), bytesOf(aggregate, other), seen(kept), seen(other)];
        aggregate.add(kept, value, { key: 'k', timestamp: 3 });
        aggregate.add(kept, value + 100, { key: 'k', timestamp: 20_000 });
        aggregate.merge?.(kept, other);
        aggregate.merge?.(other, kept);
        expect([bytesOf(aggregate, kept), bytesOf(aggregate, other), seen(kept), seen(other)]).toEqual(
          before,
        );
      }),
    );
  });

  test('merging is associative, and with what is empty changes nothing', () => {
    const merge = aggregate.merge?.bind(aggregate);
    if (merge === undefined) throw new Error('it cannot be merged');
    fc.assert(
      fc.property(records, records, records, (one, two, three) => {
        const [a, b, c] = [fold(aggregate, one), fold(aggregate, two), fold(aggregate, three)];
        expect(seen(merge(merge(a, b), c))).toEqual(seen(merge(a, merge(b, c))));
        expect(seen(merge(aggregate.initial(), a))).toEqual(seen(a));
        expect(seen(merge(a, aggregate.initial()))).toEqual(seen(a));
      }),
    );
  });

  test('merged, it is what it would be had all been added to one', () => {
    fc.assert(
      fc.property(records, fc.nat({ max: 30 }), (all, cut) => {
        const merged = aggregate.merge?.(fold(aggregate, all.slice(0, cut)), fold(aggregate, all.slice(cut)));
        expect(seen(merged)).toEqual(seen(fold(aggregate, all)));
      }),
    );
  });

  test('whatever the bytes, only DECODE is thrown', () => {
    const bytes = fc.option(fc.uint8Array({ maxLength: 60 }).map(one => Buffer.from(one)));
    fc.assert(
      fc.property(bytes, given => {
        try {
          aggregate.codec.decode(given, at);
        } catch (error) {
          expect(isKafkaRxError(error, 'DECODE')).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
    expect(() => aggregate.codec.decode(null, at)).toThrow('null');
  });
});

test.each(cases.filter(({ anyOrder }) => anyOrder))(
  'the order in which records come changes nothing of $name',
  ({ aggregate }) => {
    fc.assert(
      fc.property(
        records.chain(all =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray([...all], { minLength: all.length })),
        ),
        ([one, other]) => {
          expect(shown(aggregate, fold(aggregate, other))).toEqual(shown(aggregate, fold(aggregate, one)));
        },
      ),
    );
  },
);

describe.each<[string, Aggregate<number, unknown, number>]>([
  ['mean', mean(itself)],
  ['variance', variance(itself)],
  ['variance of all', variance(itself, { of: 'population' })],
])('%s', (_, aggregate) => {
  const near = (one: number, other: number): void => {
    if (Number.isNaN(other)) expect(one).toBeNaN();
    else expect(Math.abs(one - other)).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(other)));
  };

  test('is read back, merged and added in any order to within the rounding of a double', () => {
    fc.assert(
      fc.property(records, fc.nat({ max: 30 }), (all, cut) => {
        const whole = resultOf(aggregate, fold(aggregate, all));
        const [a, b] = [fold(aggregate, all.slice(0, cut)), fold(aggregate, all.slice(cut))];
        for (const merged of [aggregate.merge?.(a, b), aggregate.merge?.(b, a)])
          near(resultOf(aggregate, merged), whole);
        near(resultOf(aggregate, fold(aggregate, [...all].reverse())), whole);
        const read = aggregate.codec.decode(aggregate.codec.encode(a), at);
        expect(resultOf(aggregate, read)).toEqual(resultOf(aggregate, a));
      }),
    );
  });
});

describe('what is kept is kept as it was', () => {
  interface Purchase {
    zip: string;
  }
  /** A codec that writes into one buffer, and reads views. */
  const lent = Buffer.alloc(100);
  const lending = {
    name: 'lending',
    encode(value: Purchase) {
      return lent.subarray(0, lent.write(value.zip));
    },
    decode: (bytes: Buffer | null) => ({ zip: String(bytes) }),
  };

  test.each<[string, Aggregate<Purchase, unknown, unknown>]>([
    ['first', first(lending)],
    ['last', last(lending)],
    ['max', max({ compare: () => 0, codec: lending })],
    ['collect', collect({ max: 1, codec: lending, beyond: 'keepFirst' })],
    ['topK', topK(1, { by: () => 1, codec: lending })],
  ])(
    '%s: whatever becomes of the value, of what was given out, or of the buffer that it was written to',
    (_, aggregate) => {
      const purchase = { zip: '10003' };
      const kept = aggregate.add(aggregate.initial(), purchase, { key: 'k', timestamp: 1 });
      const expected = JSON.stringify(aggregate.result?.(kept));
      purchase.zip = '99999';
      lent.fill('x');
      const out = [aggregate.result?.(kept)].flat() as Purchase[];
      for (const one of out) one.zip = 'mine';
      expect(JSON.stringify(aggregate.result?.(kept))).toBe(expected);
      expect(expected).toContain('10003');
    },
  );

  test('and no slice of what it was read from', () => {
    const aggregate = collect({ max: 2, codec: string });
    const bytes = Buffer.from(
      aggregate.codec.encode(fold(aggregate, [{ value: 'abc', timestamp: 1 }])) ?? [],
    );
    const read = aggregate.codec.decode(bytes, at);
    bytes.fill(0);
    expect(aggregate.result?.(read)).toEqual(['abc']);
  });

  test('null among the values is null again', () => {
    const aggregate = collect({ max: 2, codec: nullable(string) });
    const kept = fold(aggregate, [
      { value: null, timestamp: 1 },
      { value: '', timestamp: 2 },
    ]);
    expect(aggregate.result?.(aggregate.codec.decode(aggregate.codec.encode(kept), at))).toEqual([null, '']);
  });
});
