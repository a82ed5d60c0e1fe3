import { memoryStore, partitionForKey, string } from 'kafka-rx';
import { testApp } from 'kafka-rx/testing';
import { type Measured, verdictOf } from '../../bench/flow/flow-verdict.js';
import { emptySum, plus, recordHash, type TopicSum } from '../../bench/flow/topic-sum.js';
import { outputsOf } from '../../bench/peers/by-hand.js';
import { Commits } from '../../bench/peers/commits.js';
import { Meter } from '../../bench/peers/meter.js';
import type { Plan } from '../../bench/peers/plan.js';
import { slopeOf } from '../../bench/slope.js';
import { cdnowRecords } from '../../demos/purchases/cdnow.js';
import { historyOptions, purchases } from '../../demos/purchases/topology.js';

type Written = readonly [partition: number, key: string, value: string];

const sumOf = (records: readonly Written[]): TopicSum =>
  records.reduce((sum, record) => plus(sum, recordHash(...record)), emptySum);

describe('the check of outputs', () => {
  const right: readonly Written[] = [
    [0, 'a', '{"x":1,"y":12}'],
    [1, 'b', '{"x":2,"y":3.5}'],
    [1, 'b', '{"x":3,"y":4}'],
  ];

  test('asks neither for the order of records nor for how JSON is printed', () => {
    const same: readonly Written[] = [
      [1, 'b', '{"x":3,"y":4}'],
      [0, 'a', '{ "y": 12.0, "x": 1 }'],
      [1, 'b', '{"y":3.50,"x":2}'],
    ];
    expect(sumOf(same)).toEqual(sumOf(right));
  });

  test.each<[string, readonly Written[]]>([
    ['a record is missing', right.slice(1)],
    ['one stands there twice, for another', [...right.slice(0, 2), ...right.slice(1, 2)]],
    ['one is on another partition', [[1, 'a', '{"x":1,"y":12}'], ...right.slice(1)]],
    ['one has another key', [[0, 'b', '{"x":1,"y":12}'], ...right.slice(1)]],
    ['a number differs', [[0, 'a', '{"x":1,"y":12.01}'], ...right.slice(1)]],
  ])('sees that %s', (_what, wrong) => {
    expect(sumOf(wrong)).not.toEqual(sumOf(right));
  });
});

test('by hand and by the topology purchases become the same', async () => {
  const partitions = 4;
  const t = await testApp(app => void purchases(app, memoryStore('history', historyOptions)), { partitions });
  const input: { key: string | null; value: Buffer }[] = [];
  for await (const record of cdnowRecords()) if (input.push(record) === 500) break;
  t.pipeIn('transactions', input);
  await t.idle();

  const byHand = input.map(({ value }) => outputsOf(value));
  const expected: Record<string, readonly (readonly [key: string, value: string])[]> = {
    patterns: byHand.map(({ zipCode, pattern }) => [zipCode, pattern]),
    rewards: byHand.map(({ customerId, reward }) => [customerId, reward]),
    purchases: byHand.map(({ customerId, purchase }) => [customerId, purchase]),
  };
  for (const [topic, records] of Object.entries(expected)) {
    const written = t.read(topic, { key: string, value: string });
    expect(sumOf(written.map(({ partition, key, value }) => [partition, key, value]))).toEqual(
      sumOf(records.map(([key, value]) => [partitionForKey(Buffer.from(key), partitions), key, value])),
    );
  }
  await t.stop();
});

describe('what is measured', () => {
  const plan: Plan = {
    brokers: [],
    group: '',
    input: 'transactions',
    records: 30,
    warmUp: 10,
    tuning: 'throughput',
  };

  test('lies between the first commit after the warm-up and the last one', () => {
    const written: string[] = [];
    const write = jest.spyOn(process.stdout, 'write').mockImplementation(text => {
      written.push(String(text));
      return true;
    });
    const meter = new Meter(plan);
    meter.committed([[0, 5]]);
    meter.committed([[1, 7]]);
    meter.committed([[0, 20]]);
    expect(() => meter.report()).toThrow('not committed to its end');
    meter.committed([[1, 10]]);
    meter.report();
    write.mockRestore();
    expect(JSON.parse(written.join(''))).toMatchObject({ records: 18 });
  });

  test('is committed to the end, one commit at a time', async () => {
    const sent: (readonly [number, number])[][] = [];
    let [underWay, most] = [0, 0];
    const many = { ...plan, records: 30_000 };
    const commits = new Commits(many, new Meter(many), async offsets => {
      most = Math.max(most, ++underWay);
      sent.push([...offsets]);
      await Promise.resolve();
      underWay--;
    });
    commits.settled(0, 20_000, 20_000);
    commits.settled(1, 5_000, 5_000);
    commits.settled(1, 10_000, 5_000);
    await commits.allDone;
    expect(most).toBe(1);
    expect(sent.at(-1)).toEqual([
      [0, 20_000],
      [1, 10_000],
    ]);
  });
});

describe('the verdict', () => {
  const measured = (name: Measured['name'], throughput: number[], cpuUs: number[]): Measured => ({
    name,
    throughput,
    cpuUs,
    peakRssMib: throughput.map(() => 100),
  });

  test('compares within a round: a slow moment of the machine is nobody’s', () => {
    const { pass, figures } = verdictOf([
      measured('kafka-rx', [400, 40, 400], [10, 100, 10]),
      measured('raw-kafkajs', [100, 10, 100], [40, 400, 40]),
    ]);
    expect(pass).toBe(true);
    expect(figures).toMatchObject({
      comparisons: [{ throughput: { min: 4, max: 4 }, cpu: { median: 0.25 } }],
    });
  });

  test('is missed as soon as one target is', () => {
    const { pass, verdict } = verdictOf([
      measured('kafka-rx', [400], [10]),
      measured('raw-kafkajs', [100], [40]),
      measured('platformatic', [170], [30]),
    ]);
    expect(pass).toBe(false);
    expect(verdict).toContain('missed against platformatic');
  });

  test('is none without a peer', () => {
    expect(verdictOf([measured('kafka-rx', [400], [10])]).pass).toBeUndefined();
  });
});

test('a slope is what a line through the samples has', () => {
  const samples = [0, 1, 2, 3].map(x => ({ x, y: 5 + 2 * x }));
  expect(
    slopeOf(
      samples,
      ({ x }) => x,
      ({ y }) => y,
    ),
  ).toBeCloseTo(2);
});
