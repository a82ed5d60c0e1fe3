/** The judge of exactly once judged by made-up runs: a sound one, and one for each fault that it is there to find. */
import type { ExactlyOnceEvidence, InputRecord, OutputRecord, Place } from './evidence.js';
import { judge } from './judge.js';

const topics = ['patterns', 'rewards', 'purchases'] as const;
const letters = 'letters';
const count = 6;
/** Of two input partitions; the last of the second is poison. */
const places: readonly Place[] = [0, 1].flatMap(partition =>
  Array.from({ length: count }, (_, offset) => ({ partition, offset })),
);
const poison: Place = { partition: 1, offset: count - 1 };

const same = (a: Place, b: Place): boolean => a.partition === b.partition && a.offset === b.offset;
/** Two output partitions: that of the offset's parity. */
const target = ({ offset }: Place): number => offset % 2;
const sum = ({ partition, offset }: Place): number => 100 * partition + offset;

const input = (place: Place): InputRecord => ({
  ...place,
  owed: same(place, poison)
    ? [{ topic: letters, partition: undefined, sum: undefined }]
    : topics.map(topic => ({ topic, partition: target(place), sum: sum(place) })),
});

type Outputs = ReadonlyMap<string, ReadonlyMap<number, readonly OutputRecord[]>>;

/** As the app writes them: unit by unit, the two input partitions in turn. */
const written = (sources: readonly Place[], to: (place: Place) => number): Map<number, OutputRecord[]> => {
  const partitions = new Map<number, OutputRecord[]>([
    [0, []],
    [1, []],
  ]);
  for (const source of sources) {
    const partition = to(source);
    const records = partitions.get(partition) ?? [];
    // Every other offset is a marker's.
    records.push({ partition, offset: 2 * records.length, source, sum: sum(source), inUnit: true });
  }
  return partitions;
};

const purchases = places.filter(place => !same(place, poison));
const outputs: Outputs = new Map([
  ...topics.map(topic => [topic, written(purchases, target)] as const),
  [letters, written([poison], () => 0)] as const,
]);
const standings = [...topics, letters].flatMap(topic =>
  [0, 1].map(partition => ({ topic, partition, lastStable: 20, highWatermark: 20 })),
);

const sound: ExactlyOnceEvidence = {
  input: 'transactions',
  inputs: new Map([0, 1].map(of => [of, places.filter(({ partition }) => partition === of).map(input)])),
  outputs,
  committed: new Map([
    [0, count],
    [1, count],
  ]),
  standings: [...standings, { topic: '__consumer_offsets', partition: 7, lastStable: 40, highWatermark: 40 }],
  reached: new Map(standings.map(({ topic, partition }) => [`${topic}:${partition}`, 20])),
  aborted: 3,
  torn: [],
  kills: [{ member: 'member-1', transactionOpen: true }],
};

const found = (changes: Partial<ExactlyOnceEvidence>) => judge({ ...sound, ...changes });
const broken = (changes: Partial<ExactlyOnceEvidence>): string[] =>
  found(changes).map(({ invariant }) => invariant);

/** The outputs with one partition of one topic changed. */
const changed = (
  topic: string,
  partition: number,
  change: (records: readonly OutputRecord[]) => readonly OutputRecord[],
): Outputs => {
  const partitions = new Map(outputs.get(topic));
  partitions.set(partition, change(partitions.get(partition) ?? []));
  return new Map([...outputs, [topic, partitions]]);
};
const without =
  (...sources: readonly Place[]) =>
  (records: readonly OutputRecord[]): readonly OutputRecord[] =>
    records.filter(({ source }) => !sources.some(one => source !== undefined && same(one, source)));
/** Nothing of these inputs is in any output. */
const lost = (...sources: readonly Place[]): Outputs =>
  new Map(
    [...outputs].map(([topic, partitions]) => [
      topic,
      new Map([...partitions].map(([partition, records]) => [partition, without(...sources)(records)])),
    ]),
  );
const at = (partition: number, offset: number): Place => ({ partition, offset });

test('a run that kept everything has no finding', () => {
  expect(found({})).toEqual([]);
});

test('what is neither written nor committed is not owed but for the end, where all is to be done', () => {
  const committed = new Map([
    [0, 4],
    [1, count],
  ]);
  expect(broken({ outputs: lost(at(0, 4), at(0, 5)), committed })).toEqual([
    'everything is committed in the end',
  ]);
});

test('a repeat is found, in whichever partition', () => {
  const again = changed('rewards', 0, records => [...records, { ...records[1], offset: 30 } as OutputRecord]);
  const [finding, ...more] = found({ outputs: again });
  expect(more).toEqual([]);
  expect(finding).toEqual({
    invariant: 'no output twice',
    count: 1,
    first: ['transactions 0/2 is in rewards at 0/2 and again at 0/30'],
  });
  const elsewhere = changed('rewards', 1, records => [
    ...records,
    { partition: 1, offset: 30, source: at(0, 2), sum: 2, inUnit: true },
  ]);
  expect(broken({ outputs: elsewhere })).toEqual([
    'an output is what its input makes',
    'no output twice',
    'outputs in the order of the input',
  ]);
});

test('a loss is found: a committed input without any output', () => {
  const [finding, ...more] = found({ outputs: lost(at(1, 2)) });
  expect(more).toEqual([]);
  expect(finding).toMatchObject({ invariant: 'a committed input has its outputs', count: 1 });
  expect(finding?.first[0]).toBe(
    'transactions 1/2 is not in patterns, rewards, purchases, and 6 is committed',
  );
});

test.each(topics)('one output of three that is missing is found: %s', topic => {
  const outputs = changed(topic, 0, without(at(0, 4)));
  expect(broken({ outputs })).toEqual([
    'all outputs of an input or none',
    'a committed input has its outputs',
  ]);
  // Committed or not: two of three are never right.
  const committed = new Map([...sound.committed, [0, 4]]);
  expect(broken({ outputs, committed })).toContain('all outputs of an input or none');
});

test('two outputs of one input partition that changed places are found', () => {
  const swapped = changed('patterns', 1, ([first, second, ...rest]) =>
    [second, first, ...rest].flatMap(record => record ?? []),
  );
  const [finding, ...more] = found({ outputs: swapped });
  expect(more).toEqual([]);
  expect(finding).toMatchObject({ invariant: 'outputs in the order of the input', count: 1 });
});

test('outputs of two input partitions may lie in any order', () => {
  const later = changed('patterns', 1, records => [
    ...records.filter(({ source }) => source?.partition === 1),
    ...records.filter(({ source }) => source?.partition === 0),
  ]);
  expect(found({ outputs: later })).toEqual([]);
});

test('outputs whose offset is not committed are found: whoever comes next makes them again', () => {
  const committed = new Map([...sound.committed, [0, 4]]);
  expect(broken({ committed })).toEqual([
    'outputs and their offset together',
    'everything is committed in the end',
  ]);
  expect(broken({ committed: new Map() })).toContain('outputs and their offset together');
});

test.each<[string, Partial<OutputRecord>]>([
  ['of an unknown input', { source: undefined }],
  ['of another key or value', { sum: 999 }],
])('an output %s is found', (_what, change) => {
  const outputs = changed('purchases', 0, records => [
    ...records,
    { partition: 0, offset: 40, source: at(0, 0), sum: 0, inUnit: true, ...change },
  ]);
  expect(broken({ outputs })).toContain('an output is what its input makes');
});

test('an output in another partition than that of its key is found', () => {
  const moved = changed('purchases', 0, records =>
    records.map(record => (record.offset === 0 ? { ...record, source: at(0, 1), sum: 1 } : record)),
  );
  const other = new Map([
    ...moved,
    [
      'purchases',
      new Map(
        [...(moved.get('purchases') ?? [])].map(([partition, records]) => [
          partition,
          partition === 1 ? without(at(0, 1))(records) : records,
        ]),
      ),
    ],
  ]);
  expect(
    found({ outputs: other }).find(({ invariant }) => invariant.startsWith('an output is'))?.first,
  ).toEqual(['purchases 0/0 is of transactions 0/1, which belongs in partition 1']);
});

describe('dead letters', () => {
  test('outside of the transaction are found', () => {
    const outside = changed(letters, 0, records => records.map(record => ({ ...record, inUnit: false })));
    expect(broken({ outputs: outside })).toEqual(['every output in a transaction']);
  });

  test('that a member wrote before it died and its successor wrote again are found', () => {
    const again = changed(letters, 1, () => [
      { partition: 1, offset: 0, source: poison, sum: 1, inUnit: false },
    ]);
    expect(broken({ outputs: again })).toEqual(['no output twice', 'every output in a transaction']);
  });

  test('that are missing are found', () => {
    expect(broken({ outputs: lost(poison) })).toEqual(['a committed input has its outputs']);
  });

  test('of an input that is no poison are found', () => {
    const outputs = changed(letters, 1, () => [
      { partition: 1, offset: 0, source: at(0, 0), sum: 1, inUnit: true },
    ]);
    expect(broken({ outputs })).toEqual(['an output is what its input makes']);
  });
});

test('a transaction that hangs is found, in an output and in the group’s offsets', () => {
  const hanging = sound.standings.map(standing =>
    standing.topic === 'rewards' && standing.partition === 1 ? { ...standing, lastStable: 17 } : standing,
  );
  expect(found({ standings: hanging })).toEqual([
    {
      invariant: 'every transaction has ended',
      count: 1,
      first: ['rewards 1: an open transaction holds readers at 17, the end is 20'],
    },
  ]);
  const ofOffsets = sound.standings.map(standing =>
    standing.topic === '__consumer_offsets' ? { ...standing, lastStable: 39 } : standing,
  );
  expect(broken({ standings: ofOffsets })).toEqual(['every transaction has ended']);
});

test.each([new Map([...sound.reached, ['rewards:1', 19]]), new Map<string, number>()])(
  'a reader of everything that does not reach the end is found',
  reached => {
    expect(broken({ reached })).toEqual(['a reader of everything reaches the end']);
  },
);

test('an input that was torn for too long is found, though it is whole in the end', () => {
  const torn = [{ source: at(0, 3), missing: ['rewards'], heldMs: 5_100 }];
  expect(found({ torn })).toMatchObject([
    {
      invariant: 'whole within 5 s of the first sight',
      first: ['transactions 0/3 was seen, and not in rewards 5100 ms later'],
    },
  ]);
});

test('a kill that hit no open transaction shows nothing, and is found', () => {
  const kills = [...sound.kills, { member: 'member-2', transactionOpen: false }];
  expect(broken({ kills })).toEqual(['a transaction is open at every kill']);
});

test('a run without inputs, or whose ends nobody looked at, shows nothing', () => {
  expect(broken({ inputs: new Map(), outputs: new Map() })).toEqual(['there is something to judge']);
  expect(broken({ standings: [] })).toEqual(['there is something to judge']);
});
