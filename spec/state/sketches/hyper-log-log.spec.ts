import fc from 'fast-check';
import { HyperLogLog } from '../../../lib/state/sketches/hyper-log-log.js';
import { murmur3 } from '../../../lib/state/sketches/murmur3.js';

function hexOf(bytes: Uint8Array, seed?: number): string {
  const { high, low, rest } = murmur3(bytes, seed);
  return [high, low, ...rest].map(word => word.toString(16).padStart(8, '0')).join('');
}

describe('murmur3', () => {
  test('passes the verification of SMHasher, by the author of the function', () => {
    const hashes = Buffer.alloc(256 * 16);
    for (let length = 0; length < 256; length++) {
      const key = Uint8Array.from({ length }, (_, index) => index);
      const words = hexOf(key, 256 - length).match(/.{8}/g) ?? [];
      for (const [index, word] of words.entries()) {
        hashes.writeUInt32LE(Number.parseInt(word, 16), 16 * length + 4 * index);
      }
    }
    expect(Buffer.from(hexOf(hashes).slice(0, 8), 'hex').toString('hex')).toBe('b3ece62a');
  });

  test('gives the known hash of a sentence', () => {
    const sentence = Buffer.from('The quick brown fox jumps over the lazy dog');
    expect(hexOf(sentence)).toBe('2f1583c3ecee2c675d7bf66ce5e91d2c');
  });
});

const sketchOf = (precision: number, values: Iterable<string>): HyperLogLog =>
  [...values].reduce((sketch, value) => sketch.with(Buffer.from(value)), HyperLogLog.none(precision));

describe('the count is within 3 standard errors', () => {
  test.each([
    [10, 12],
    [1000, 12],
    [100_000, 12],
    [1_000_000, 12],
    [10, 14],
    [1000, 14],
    [100_000, 14],
    [100_000, 8],
    [1000, 4],
  ])('of %d different ones, at precision %d', (different, precision) => {
    let sketch = HyperLogLog.none(precision);
    for (let n = 0; n < different; n++) sketch = sketch.with(Buffer.from(`customer-${n}`));
    const error = Math.abs(sketch.count() - different) / different;
    expect(error).toBeLessThanOrEqual((3 * 1.04) / Math.sqrt(2 ** precision));
  });

  test('over many sets: the root of the mean square of the errors is the standard error, and their mean is near 0', () => {
    const precision = 8;
    const errors: number[] = [];
    for (let set = 0; set < 200; set++) {
      let sketch = HyperLogLog.none(precision);
      for (let n = 0; n < 2000; n++) sketch = sketch.with(Buffer.from(`${set}/${n}`));
      errors.push(sketch.count() / 2000 - 1);
    }
    const standard = 1.04 / Math.sqrt(2 ** precision);
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    const root = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
    expect(root).toBeLessThan(1.2 * standard);
    expect(Math.abs(mean)).toBeLessThan(standard / 4);
  });

  test('and exact while there are few', () => {
    for (let different = 0; different <= 1024; different += 64) {
      const values = Array.from({ length: different }, (_, n) => `session ${n}`);
      expect(sketchOf(12, values).count()).toBe(different);
    }
  });
});

/** So small that some of it is past the list of entries. */
const precision = 5;
const sets = fc.array(fc.string({ maxLength: 3 }), { maxLength: 40 });
const bytesOf = (values: Iterable<string>): string => sketchOf(precision, values).bytes().toString('hex');

test('each byte depends on what was added alone: not on the order, nor on how often', () => {
  fc.assert(
    fc.property(
      sets.chain(values =>
        fc.tuple(fc.constant(values), fc.shuffledSubarray(values, { minLength: values.length })),
      ),
      ([values, shuffled]) => {
        expect(bytesOf(shuffled)).toBe(bytesOf(values));
        expect(bytesOf([...values, ...shuffled])).toBe(bytesOf(values));
      },
    ),
  );
});

test('merged, it is what it would be had all been added to one', () => {
  fc.assert(
    fc.property(sets, sets, sets, (a, b, c) => {
      const [x, y, z] = [sketchOf(precision, a), sketchOf(precision, b), sketchOf(precision, c)];
      const all = bytesOf([...a, ...b, ...c]);
      expect(x.merged(y).merged(z).bytes().toString('hex')).toBe(all);
      expect(x.merged(y.merged(z)).bytes().toString('hex')).toBe(all);
      expect(z.merged(x.merged(y)).bytes().toString('hex')).toBe(all);
    }),
  );
});

test('adding and merging change nothing of what was there', () => {
  fc.assert(
    fc.property(sets, sets, (a, b) => {
      const sketch = sketchOf(precision, a);
      const other = sketchOf(precision, b);
      const before = [bytesOf(a), bytesOf(b)];
      sketch.with(Buffer.from('another')).merged(other);
      other.merged(sketch);
      expect([sketch.bytes().toString('hex'), other.bytes().toString('hex')]).toEqual(before);
    }),
  );
});

test('its bytes are read back, and no others are', () => {
  fc.assert(
    fc.property(sets, values => {
      const bytes = sketchOf(precision, values).bytes();
      const read = HyperLogLog.of(precision, bytes);
      expect(read?.bytes()).toEqual(bytes);
      expect(read?.count()).toBe(sketchOf(precision, values).count());
      expect(HyperLogLog.of(precision + 1, bytes)).toBeUndefined();
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
      const read = HyperLogLog.of(precision, bytes);
      if (read !== undefined) expect(read.bytes()).toEqual(Buffer.from(bytes));
    }),
  );
  expect(HyperLogLog.of(precision, Buffer.from([0, precision, 0, 0, 1, 1, 0, 0, 0, 1]))).toBeUndefined(); // not sorted
  expect(HyperLogLog.of(precision, Buffer.from([1, precision, ...new Array(32).fill(61)]))).toBeUndefined(); // no such rank
});
