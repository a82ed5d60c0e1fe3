/** Some cases of each operation through the public API; `npm run goldens` replays all. */
import { casesOf, type GoldenCase, type GoldenOutput } from './cases.js';
import { judge } from './judge.js';
import { partOf } from './parts.js';
import { topologies } from './public/topologies.js';
import { type Replaying, replayAll } from './replay-all.js';

const ops = [...topologies.keys()];
const ways: readonly Replaying[] = [
  { backend: 'memory', restart: false },
  { backend: 'memory', restart: true },
  { backend: 'lmdb', restart: false },
  { backend: 'lmdb', restart: true },
];

/** Every second operation for each way, the others for the next: each is tried with and without a restart. */
function opsOf(way: number): readonly string[] {
  return ops.filter((_, index) => (index + (way >> 1)) % 2 === way % 2);
}

/** A case for each way and operation. */
function some(way: number): readonly GoldenCase[] {
  return opsOf(way).map((op, index) => {
    const cases = casesOf(new RegExp(op));
    // There are some.
    return cases[(index + 7 * way) % cases.length] as GoldenCase;
  });
}

describe.each(ways.map((way, index) => ({ ...way, index })))(
  '$backend, restart: $restart',
  ({ index, ...way }) => {
    test('each operation gives what Kafka Streams does, or what is meant', async () => {
      const report = await replayAll(some(index), way);
      expect(report.ops.flatMap(({ first }) => first ?? [])).toEqual([]);
      expect(report.ops.map(({ op, cases, failed }) => [op, cases, failed])).toEqual(
        opsOf(index).map(op => [op, 1, 0]),
      );
      expect(report.ops.filter(({ agreed }) => agreed === 1).length).toBeGreaterThan(16);
    }, 120_000);
  },
);

test('every operation of the file is replayed, or told as one of tables and joins', () => {
  const parts = new Map<string, Set<string>>();
  for (const { op } of casesOf(/.*/)) {
    const part = partOf(op, topologies.has(op));
    parts.set(part, (parts.get(part) ?? new Set()).add(op));
  }
  expect(Object.fromEntries([...parts].map(([part, of]) => [part, of.size]))).toEqual({
    replayed: 47,
    'tables and joins, a later part': 32,
  });
});

describe('a failure is one', () => {
  const [one] = casesOf(/count/) as readonly [GoldenCase];
  const withLast = (changes: (answer: { output: GoldenOutput[]; dropped: number }) => void): GoldenCase => {
    const output = one.output.map(all => [...all]);
    const dropped = [...one.dropped];
    const at = output.findLastIndex(all => all.length > 0);
    const answer = { output: output[at] ?? [], dropped: dropped[at] ?? 0 };
    changes(answer);
    return { ...one, output: output.with(at, answer.output), dropped: dropped.with(at, answer.dropped) };
  };

  test.each<readonly [string, GoldenCase]>([
    [
      'a value',
      withLast(({ output }) => (output[0] = [output[0]?.[0] ?? '', 'another', output[0]?.[2] ?? 0])),
    ],
    [
      'a timestamp',
      withLast(({ output }) => (output[0] = [output[0]?.[0] ?? '', output[0]?.[1] ?? null, 1])),
    ],
    ['one result too many', withLast(({ output }) => output.push(['a', 1, 1]))],
    ['one drop too many', withLast(answer => answer.dropped++)],
  ])('%s', async (_, changed) => {
    const report = await replayAll([changed], { backend: 'memory', restart: false });
    expect(report.ops).toMatchObject([{ op: 'count', cases: 1, agreed: 0, failed: 1 }]);
    expect(report.ops[0]?.first).toMatch(/^count\/0, input \d+ .*: Kafka Streams gives .*, the library /);
  });

  test.each([
    'tumbling-aggregate-final-default-retention',
    'session-count-final',
    'sliding-suppress',
    'punctuate-wall-clock',
  ])('of %s, which may differ by design: what is not meant is none of that', async op => {
    for (const of of casesOf(new RegExp(op))) {
      const nothing = of.input.map(() => ({ output: [], dropped: 0 }));
      expect((await judge(of, nothing, async () => nothing)).is).toBe('failed');
    }
  });
});
