import { Random } from '../../../lib/testing/simulation/random.js';

test('the same seed and purpose give the same numbers', () => {
  const [a, b] = [new Random(7, 'faults'), new Random(7, 'faults')];
  expect(Array.from({ length: 100 }, () => a.next())).toEqual(Array.from({ length: 100 }, () => b.next()));
});

test('another purpose, or another seed, gives others, also where seeds differ above 32 bits', () => {
  const first = [
    new Random(7, 'faults'),
    new Random(7, 'schedule'),
    new Random(8, 'faults'),
    new Random(7 + 2 ** 33, 'faults'),
  ];
  expect(new Set(first.map(random => random.next())).size).toBe(4);
});

test('numbers are spread evenly from 0 inclusive to 1 exclusive', () => {
  const random = new Random(1);
  const buckets = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) {
    const value = random.next();
    const bucket = Math.floor(value * 10);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  expect(buckets.reduce((sum, count) => sum + count, 0)).toBe(100_000);
  expect(buckets).toHaveLength(10);
  for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});

test('between and below stay within their bounds and reach them', () => {
  const random = new Random(3);
  const seen = new Set(Array.from({ length: 1000 }, () => random.between(2, 4)));
  expect([...seen].sort()).toEqual([2, 3, 4]);
  expect(new Set(Array.from({ length: 1000 }, () => random.below(2)))).toEqual(new Set([0, 1]));
});
