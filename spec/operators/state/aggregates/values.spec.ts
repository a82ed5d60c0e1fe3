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
import { fold, over, overValues, resultOf } from './fold.js';

const itself = (value: number): number => value;
const sale = (item: string, sold: number, timestamp = 0) => ({ value: { item, sold }, timestamp });
const items = { name: 'items', encode: (value: unknown) => Buffer.from(JSON.stringify(value)) };
const codec = {
  ...items,
  decode: (bytes: Buffer | null) => JSON.parse(String(bytes)) as { item: string; sold: number },
};

function codeOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return isKafkaRxError(error) ? error.code : error;
  }
  return 'no error';
}

test('count is kept as Kafka Streams keeps it', () => {
  expect(counter().codec.encode(fold(counter(), new Array(258).fill({ value: 'x', timestamp: 0 })))).toEqual(
    Buffer.from([0, 0, 0, 0, 0, 0, 1, 2]),
  );
});

test.each([0, 1, -1, 2 ** 31, 2 ** 32, -(2 ** 32), -(2 ** 40) - 3, 2 ** 53 - 1, 1 - 2 ** 53])(
  '%d is 8 bytes as Java writes a long, and read again',
  value => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(BigInt(value));
    const { codec } = counter();
    expect(codec.encode(value)).toEqual(bytes);
    expect(codec.decode(bytes, { topic: 't', partition: 0, offset: 0 })).toBe(value);
  },
);

test.each([2n ** 53n, -(2n ** 53n), 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)])(
  '%d is no number that can be counted on, and refused',
  value => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(value);
    expect(codeOf(() => counter().codec.decode(bytes, { topic: 't', partition: 0, offset: 0 }))).toBe(
      'DECODE',
    );
  },
);

describe('sum', () => {
  test('of fractions has no error that grows with their number', () => {
    expect(overValues(sum(itself), ...new Array(100_000).fill(0.1))).toBe(10_000);
    expect(overValues(sum(itself), 2 ** 52, 0.25, 0.25, 0.25, 0.25, -(2 ** 52))).toBe(1);
  });

  test('of whole numbers is exact up to 2^53 - 1, and the record that would pass it is refused', () => {
    expect(overValues(sum(itself), Number.MAX_SAFE_INTEGER - 1, 1)).toBe(Number.MAX_SAFE_INTEGER);
    expect(codeOf(() => overValues(sum(itself), Number.MAX_SAFE_INTEGER, 1))).toBe('PROCESS');
    expect(codeOf(() => overValues(sum(itself), -Number.MAX_SAFE_INTEGER, -1))).toBe('PROCESS');
    const half = fold(sum(itself), [{ value: 2 ** 52, timestamp: 0 }]);
    expect(codeOf(() => sum(itself).merge?.(half, half))).toBe('PROCESS');
  });
});

test('mean and variance', () => {
  expect(overValues(mean(itself), 1, 2, 6)).toBe(3);
  expect(overValues(mean(itself))).toBeNaN();
  // Times of today: their sum is beyond 2^53 after 5,300 of them.
  expect(overValues(mean(itself), ...new Array(20_000).fill(1_700_000_000_001))).toBe(1_700_000_000_001);
  expect(overValues(variance(itself), 2, 4, 4, 4, 5, 5, 7, 9)).toBeCloseTo(32 / 7, 12);
  expect(overValues(variance(itself, { of: 'population' }), 2, 4, 4, 4, 5, 5, 7, 9)).toBeCloseTo(4, 12);
  // The textbook's formula, the mean of squares less the square of the mean, gives 0 or worse here.
  expect(overValues(variance(itself), 1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16)).toBe(30);
  expect(overValues(variance(itself), 1)).toBeNaN();
});

test('min and max of numbers, by a number and by a comparison', () => {
  expect(overValues(min(itself), 3, 1, 2)).toBe(1);
  expect(overValues(max(itself), 1, 3, 2)).toBe(3);
  const sales = [sale('a', 2, 9), sale('b', 5, 8), sale('c', 5, 7), sale('d', 2, 10)];
  expect(over(max({ by: (one: { sold: number }) => one.sold, codec }), sales)).toEqual({
    item: 'c',
    sold: 5,
  });
  const compare = (a: { sold: number }, b: { sold: number }): number => a.sold - b.sold;
  expect(over(min({ compare, codec }), sales)).toEqual({ item: 'a', sold: 2 });
});

test('first and last go by the timestamp, and by arrival where that is the same', () => {
  const records = [
    { value: 'b', timestamp: 5 },
    { value: 'a', timestamp: 3 },
    { value: 'a2', timestamp: 3 },
    { value: 'c', timestamp: 9 },
    { value: 'c2', timestamp: 9 },
    { value: 'late', timestamp: 4 },
  ];
  expect(over(first(string), records)).toBe('a');
  expect(over(last(string), records)).toBe('c2');
  expect(codeOf(() => over(first(string), []))).toBe('PROCESS');
});

test('collect keeps the first or the last, in the order in which they came', () => {
  expect(overValues(collect({ max: 2, codec: number, beyond: 'keepFirst' }), 1, 2, 3)).toEqual([1, 2]);
  expect(overValues(collect({ max: 2, codec: number }), 1, 2, 3)).toEqual([2, 3]);
});

describe('topK', () => {
  const by = (one: { item: string; sold: number }): number => one.sold;

  test('keeps the greatest, the greatest first, the earliest of equals before the others', () => {
    const sales = [sale('a', 1), sale('b', 7, 4), sale('c', 7, 3), sale('d', 9), sale('e', 2)];
    expect(over(topK(3, { by, codec }), sales).map(({ item }) => item)).toEqual(['d', 'c', 'b']);
  });

  test('keeps the greatest of each id', () => {
    const sales = [sale('a', 1), sale('b', 7), sale('a', 9), sale('c', 3), sale('a', 2), sale('b', 8)];
    expect(over(topK(2, { by, id: one => one.item, codec }), sales)).toEqual([
      { item: 'a', sold: 9 },
      { item: 'b', sold: 8 },
    ]);
  });
});

describe('countDistinct', () => {
  test('counts up to its bound, and refuses the record that is one too many', () => {
    const distinct = countDistinct((value: string) => value, { max: 2 });
    const full = fold(
      distinct,
      ['a', 'b', 'a'].map(value => ({ value, timestamp: 0 })),
    );
    expect(resultOf(distinct, full)).toBe(2);
    expect(distinct.add(full, 'b', { key: 'k', timestamp: 0 })).toBe(full);
    expect(codeOf(() => distinct.add(full, 'c', { key: 'k', timestamp: 0 }))).toBe('PROCESS');
    const other = fold(distinct, [{ value: 'c', timestamp: 0 }]);
    expect(codeOf(() => distinct.merge?.(full, other))).toBe('PROCESS');
  });

  test('tells texts apart that UTF-8 cannot, by refusing them with their record', () => {
    expect(
      codeOf(() =>
        overValues(
          countDistinct((value: string) => value, { max: 2 }),
          '\ud800',
        ),
      ),
    ).toBe('ENCODE');
  });

  test('two that go on from one know nothing of one another', () => {
    const distinct = countDistinct((value: string) => value, { max: 9 });
    const context = { key: 'k', timestamp: 0 };
    const base = fold(distinct, [{ value: 'a', timestamp: 0 }]);
    const [one, other] = ['b', 'c'].map(value => distinct.add(base, value, context) ?? base);
    if (one === undefined || other === undefined) throw new Error('nothing was added');
    expect([one, other, base].map(each => each.values())).toEqual([['a', 'b'], ['a', 'c'], ['a']]);
    expect([one.has('c'), other.has('b'), base.has('b')]).toEqual([false, false, false]);
  });

  test('adding costs the same however many there are', () => {
    const distinct = countDistinct((value: number) => String(value), { max: 100_000 });
    const began = process.cpuUsage();
    const values = Array.from({ length: 50_000 }, (_, value) => ({ value, timestamp: 0 }));
    expect(resultOf(distinct, fold(distinct, values))).toBe(50_000);
    const { user, system } = process.cpuUsage(began);
    expect(user + system).toBeLessThan(2_000_000); // microseconds; copied each time, it would be minutes
  });
});

test('approxDistinct takes text and bytes, and text counts as its UTF-8', () => {
  const distinct = approxDistinct((value: string | Uint8Array) => value);
  expect(overValues(distinct, 'é', Buffer.from('é'), 'e', 'é')).toBe(2);
  expect(
    codeOf(() =>
      overValues(
        approxDistinct(() => 5 as never),
        1,
      ),
    ),
  ).toBe('PROCESS');
});

describe('all', () => {
  test('gives one object of the results', () => {
    const sales = all({ sold: sum((one: { sold: number }) => one.sold), n: counter(), top: first(codec) });
    expect(over(sales, [sale('a', 3), sale('b', 4)])).toEqual({ sold: 7, n: 2, top: { item: 'a', sold: 3 } });
    expect(sales.codec.name).toBe('all(n: count, sold: sum, top: first(items))');
  });

  const untilNegative: Aggregate<number, number> = {
    initial: () => 0,
    add: (before, value) => (value < 0 ? null : before + value),
    codec: number,
  };

  test('a part that is null begins anew; all of them are no row', () => {
    const both = all({ a: untilNegative, n: counter() });
    expect(overValues(both, 5, -1, 2)).toEqual({ a: 2, n: 3 });
    const alone = all({ a: untilNegative });
    expect(alone.add(alone.initial(), -1, { key: 'k', timestamp: 0 })).toBeNull();
  });

  test('is kept in the same bytes whatever the order in which its parts are named', () => {
    const records = [{ value: 5, timestamp: 1 }];
    const one = all({ n: counter(), total: sum(itself) });
    const other = all({ total: sum(itself), n: counter() });
    expect(other.codec.encode(fold(other, records))).toEqual(one.codec.encode(fold(one, records)));
  });

  test('can be merged if all of its parts can', () => {
    expect(all({ n: counter() }).merge).toBeDefined();
    expect(all({ n: counter(), a: untilNegative }).merge).toBeUndefined();
  });
});

test.each<[string, () => unknown]>([
  ['sum', () => overValues(sum(itself), Number.NaN)],
  ['mean', () => overValues(mean(itself), Number.POSITIVE_INFINITY)],
  ['variance', () => overValues(variance(itself), Number.NaN)],
  ['min', () => overValues(min(itself), Number.NaN)],
  ['max by', () => overValues(max({ by: itself, codec: string as never }), Number.NaN)],
  ['topK', () => overValues(topK(1, { by: itself, codec: number }), Number.NaN)],
])('%s refuses the record whose number is none', (_, run) => {
  expect(codeOf(run)).toBe('PROCESS');
});

test('what the codec cannot write is a problem of its record, and not of the commit', () => {
  expect(codeOf(() => overValues(last(number), Number.NaN))).toBe('ENCODE');
});

test.each<[string, () => unknown]>([
  ['sum', () => sum(5 as never)],
  ['min', () => min({ codec } as never)],
  ['max', () => max({ by: itself, compare: itself, codec } as never)],
  ['first', () => first('string' as never)],
  ['collect', () => collect({ codec } as never)],
  ['collect', () => collect({ max: 0, codec })],
  ['topK', () => topK(0, { by: () => 1, codec })],
  ['countDistinct', () => countDistinct(String, {} as never)],
  ['approxDistinct', () => approxDistinct(String, { precision: 3 })],
  ['variance', () => variance(itself, { of: 'all' as never })],
  ['all', () => all({ n: counter } as never)],
  ['all', () => all(undefined as never)],
])('%s refuses what cannot be meant', (name, make) => {
  expect(codeOf(make)).toBe('CONFIGURATION');
  expect(make).toThrow(name);
});
