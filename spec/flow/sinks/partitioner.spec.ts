import fc from 'fast-check';
// @ts-expect-error kafkajs has no types for its inner files
import untyped from 'kafkajs/src/producer/partitioners/default/murmur2.js';
import { isKafkaRxError } from '../../../lib/errors/errors.js';
import {
  createPartitioner,
  murmur2,
  partitionForKey,
  stickyBatchBytes,
} from '../../../lib/flow/sinks/partitioner.js';

const kafkajsMurmur2: (key: Buffer) => number = untyped;

describe('murmur2', () => {
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])("is Java's, as in UtilsTest: %s", (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
  });

  it("equals kafkajs's for random keys of all lengths", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 70 }),
        bytes => murmur2(Buffer.from(bytes)) === kafkajsMurmur2(Buffer.from(bytes)),
      ),
      { numRuns: 20_000 },
    );
  });
});

describe('partitioner', () => {
  it('gives a key the partition that Java gives it, whatever its sign, an empty key included', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 200 }), (bytes, partitions) => {
        const key = Buffer.from(bytes);
        const expected = Number(BigInt.asUintN(31, BigInt(kafkajsMurmur2(key))) % BigInt(partitions));
        expect(partitionForKey(key, partitions)).toBe(expected);
        expect(createPartitioner(() => partitions)(key, 1)).toBe(expected);
      }),
    );
  });

  it('keeps records without a key on one partition until a batch of bytes is full, the last one included', () => {
    const draws = [0.5, 0, 0.99];
    const choose = createPartitioner(
      () => 4,
      () => draws.shift() ?? 0,
    );
    const chosen: number[] = [];
    for (let i = 0; i < 10; i++) chosen.push(choose(null, stickyBatchBytes / 4));
    expect(chosen).toEqual([2, 2, 2, 2, 0, 0, 0, 0, 3, 3]);
    expect(choose(null, 1_000_000)).toBe(3);
    expect(choose(null, 1)).not.toBe(3);
  });

  it('always moves to another partition, each with the same chance', () => {
    const seen = new Map<number, number>();
    const choose = createPartitioner(() => 5);
    let last = -1;
    for (let i = 0; i < 10_000; i++) {
      const partition = choose(null, stickyBatchBytes);
      expect(partition).not.toBe(last);
      last = partition;
      seen.set(partition, (seen.get(partition) ?? 0) + 1);
    }
    expect([...seen.keys()].sort()).toEqual([0, 1, 2, 3, 4]);
    for (const count of seen.values()) expect(Math.abs(count - 2000)).toBeLessThan(300);
  });

  it('keyed records do not move the sticky partition', () => {
    const choose = createPartitioner(
      () => 3,
      () => 0,
    );
    choose(Buffer.from('k'), 1_000_000);
    expect([choose(null, 1), choose(Buffer.from('k'), 1_000_000), choose(null, 1)]).toEqual([
      0,
      partitionForKey(Buffer.from('k'), 3),
      0,
    ]);
  });

  it('follows the number of partitions, up and down', () => {
    let partitions = 8;
    const choose = createPartitioner(
      () => partitions,
      () => 0.9,
    );
    expect(choose(null, 1)).toBe(7);
    partitions = 2;
    expect(choose(null, 1)).toBe(1);
    partitions = 1;
    expect([choose(null, stickyBatchBytes), choose(null, stickyBatchBytes)]).toEqual([0, 0]);
  });

  it('gives records without a key to partitions that have a leader alone, and leaves one that has lost it at once', () => {
    let led: readonly number[] = [0, 2];
    const choose = createPartitioner(
      () => 3,
      Math.random,
      () => led,
    );
    const chosen = new Set<number>();
    for (let i = 0; i < 100; i++) chosen.add(choose(null, stickyBatchBytes));
    expect([...chosen].sort()).toEqual([0, 2]);
    led = [1];
    expect([choose(null, 1), choose(null, stickyBatchBytes), choose(null, 1)]).toEqual([1, 1, 1]);
    // A key's partition is its own.
    const key = Buffer.from('k');
    led = [0, 1, 2].filter(partition => partition !== partitionForKey(key, 3));
    expect(choose(key, 1)).toBe(partitionForKey(key, 3));
  });

  it('gives them to any where none has a leader, or nobody knows, and to none that is not there any more', () => {
    let led: readonly number[] = [];
    let partitions = 3;
    const choose = createPartitioner(
      () => partitions,
      Math.random,
      () => led,
    );
    const chosen = new Set<number>();
    for (let i = 0; i < 100; i++) chosen.add(choose(null, stickyBatchBytes));
    expect([...chosen].sort()).toEqual([0, 1, 2]);
    led = [2];
    partitions = 2;
    expect(choose(null, 1)).toBeLessThan(2);
  });

  it('stays where it is while the partition has a leader, whatever else has changed', () => {
    let led: readonly number[] = [0, 1, 2];
    const choose = createPartitioner(
      () => 3,
      () => 0.5,
      () => led,
    );
    expect(choose(null, 1)).toBe(1);
    led = [1, 2];
    expect(choose(null, 1)).toBe(1);
  });

  it('a topic without partitions is an error and not partition NaN', () => {
    for (const key of [null, Buffer.from('k')]) {
      try {
        createPartitioner(() => 0)(key, 1);
      } catch (error) {
        expect(isKafkaRxError(error, 'PRODUCE')).toBe(true);
        continue;
      }
      throw new Error('did not throw');
    }
  });
});
