/** The scenarios of Reactor Kafka's OutOfOrderCommitsTests, and those that it lacks. */
import { Watermark } from '../../../lib/flow/commit/watermark.js';

/** Settles these sequences in turn, their offsets one after another from 0; the watermark after each. */
function settleInTurn(sequences: readonly number[], watermark = new Watermark()): readonly number[] {
  return sequences.map(sequence => {
    watermark.settle(sequence, sequence + 1);
    return watermark.offset;
  });
}

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

describe('the watermark', () => {
  test('is -1 until the first delivery settles', () => {
    const watermark = new Watermark();
    expect([watermark.offset, watermark.below, watermark.ahead]).toEqual([-1, 0, 0]);
  });

  test('follows deliveries that settle in order', () => {
    expect(settleInTurn([0, 1, 2, 3])).toEqual([1, 2, 3, 4]);
  });

  test('never passes an unsettled delivery, and jumps over the whole run when that settles', () => {
    const watermark = new Watermark();
    expect(settleInTurn([3, 1, 2], watermark)).toEqual([-1, -1, -1]);
    expect(watermark.ahead).toBe(3);
    expect(settleInTurn([0], watermark)).toEqual([4]);
    expect([watermark.below, watermark.ahead]).toEqual([4, 0]);
  });

  test('stops at each of two gaps', () => {
    //                    0 . 2 3 . 5
    expect(settleInTurn([0, 2, 3, 5, 1, 4])).toEqual([1, 1, 1, 1, 4, 6]);
    expect(settleInTurn([0, 2, 3, 5, 4, 1])).toEqual([1, 1, 1, 1, 1, 6]);
  });

  test('says whether it moved', () => {
    const watermark = new Watermark();
    expect([2, 0, 0, 1, 2].map(sequence => watermark.settle(sequence, sequence + 1))).toEqual([
      false,
      true,
      false,
      true,
      false,
    ]);
  });

  test('counts a delivery that settles twice once, below the watermark and above it', () => {
    const watermark = new Watermark();
    expect(settleInTurn([2, 2, 0, 0, 2], watermark)).toEqual([-1, -1, 1, 1, 1]);
    expect(watermark.ahead).toBe(1);
    expect(settleInTurn([1, 1, 2], watermark)).toEqual([3, 3, 3]);
    expect([watermark.below, watermark.ahead]).toEqual([3, 0]);
  });

  test('a double does not stand for the delivery one turn of the ring later', () => {
    const watermark = new Watermark(32);
    settleInTurn([...upTo(32), 5, 33], watermark);
    // 37 has the place that 5 had.
    expect(settleInTurn([32, 34, 35, 36], watermark)).toEqual([34, 35, 36, 37]);
  });

  test('gives the next offset that was told, whatever gaps lie between', () => {
    const watermark = new Watermark();
    const offsets = [10, 11, 500, 501, 9_007_199_254_740_990];
    for (const sequence of [4, 1, 3, 2]) watermark.settle(sequence, (offsets[sequence] ?? 0) + 1);
    expect(watermark.offset).toBe(-1);
    watermark.settle(0, 11);
    expect(watermark.offset).toBe(9_007_199_254_740_991);
  });

  test.each([
    ['before the gap', [5, 0, 1, 2, 3, 4]],
    ['behind the gap', [1, 0, 4, 3, 2, 5]],
    ['around the gap', [2, 3, 1, 4, 0, 5]],
  ])('keeps the offsets of what had settled when the first gap came: %s', (_, order) => {
    const nextOffsets = [101, 102, 103, 205, 206, 207];
    const watermark = new Watermark();
    const seen = new Set<number>();
    for (const sequence of order) {
      seen.add(sequence);
      watermark.settle(sequence, nextOffsets[sequence] ?? 0);
      const below = upTo(7).findIndex(each => !seen.has(each));
      expect(watermark.offset).toBe(below === 0 ? -1 : nextOffsets[below - 1]);
    }
  });

  test.each([1, 2, 31, 32, 33, 64, 100])('grows from a capacity of %i around a straggler', capacity => {
    const watermark = new Watermark(capacity);
    expect(new Set(settleInTurn(upTo(5000).slice(1), watermark))).toEqual(new Set([-1]));
    expect(watermark.ahead).toBe(4999);
    expect(settleInTurn([0], watermark)).toEqual([5000]);
  });

  test('grows when the ring has turned already, with and without gaps between the offsets', () => {
    for (const gapEvery of [Number.POSITIVE_INFINITY, 7]) {
      const nextOffset = (sequence: number): number => sequence + 1 + Math.floor(sequence / gapEvery);
      const watermark = new Watermark(32);
      for (const sequence of upTo(45)) watermark.settle(sequence, nextOffset(sequence));
      for (let sequence = 300; sequence > 45; sequence--) watermark.settle(sequence, nextOffset(sequence));
      expect([watermark.below, watermark.ahead, watermark.offset]).toEqual([45, 255, nextOffset(44)]);
      watermark.settle(45, nextOffset(45));
      expect([watermark.below, watermark.ahead, watermark.offset]).toEqual([301, 0, nextOffset(300)]);
    }
  });

  test('one straggler at a time, each many windows late', () => {
    const watermark = new Watermark();
    let straggler = 0;
    for (let sequence = 1; sequence < 20_000; sequence++) {
      if (sequence % 3000 === 0) {
        settleInTurn([straggler], watermark);
        expect(watermark.offset).toBe(sequence);
        straggler = sequence;
      } else settleInTurn([sequence], watermark);
    }
    expect(watermark.offset).toBe(straggler);
  });
});
