/** The checker judged by made-up runs: each invariant has a run that keeps it and one that breaks only it. */
import { check } from './checker.js';
import type { CommittedSample, Evidence, FaultRecord, Input, LogRecord } from './evidence.js';
import type { ExactlyOnceEvidence } from './exactly-once/evidence.js';

const count = 10;
/** Of one partition and one key: `c0:0` at offset 0, and so on; each durable 10 ms after the one before. */
const id = (offset: number): string => `c0:${offset}`;
const appendedMs = (offset: number): number => 1_000 + offset * 10;
const end = 10_000;

const log: readonly LogRecord[] = Array.from({ length: count }, (_, offset) => ({
  id: id(offset),
  partition: 0,
  offset,
  appendedMs: 500,
}));
const output: readonly LogRecord[] = log.map(({ id, partition, offset }) => ({
  id,
  partition,
  offset,
  appendedMs: appendedMs(offset),
}));
const committed = (offset: number, knownMs: number): CommittedSample => ({
  source: 'sample',
  knownMs,
  committed: new Map([[0, offset]]),
});
const input = (offset: number): Input => ({
  id: id(offset),
  partition: 0,
  outcome: 'ok',
  poison: false,
  offset,
});

const fault: FaultRecord = {
  name: 'app-kill',
  graceful: false,
  inFlight: 3,
  injectedMs: 5_000,
  healedMs: 6_000,
  progressMs: 9_000,
};

/** Ten inputs, all of which arrived everywhere, half of them committed before the fault. */
const sound: Evidence = {
  inputs: log.map(({ offset }) => input(offset)),
  log,
  outputs: { patterns: output, rewards: output, purchases: output },
  writes: log.map(({ partition, offset }) => ({ partition, offset, durableMs: appendedMs(offset) })),
  documents: new Set(log.map(({ offset }) => `0/${offset}`)),
  changing: { lives: [], log: [], output: [], documents: [], committed: [] },
  samples: [committed(-1, 900), committed(5, appendedMs(4) + 20), committed(count, end)],
  faults: [fault],
  stops: [{ member: 'member-1', during: 'the end', deadlineMs: 10_000, tookMs: 300 }],
  rejections: [],
  peakRssMb: 150,
  drained: { committed: new Map([[0, count]]), ends: new Map([[0, count]]) },
};

/** The invariants that the run breaks, by name. */
const broken = (changes: Partial<Evidence>): string[] =>
  check({ ...sound, ...changes }).map(({ invariant }) => invariant);

const without = (records: readonly LogRecord[], offset: number): LogRecord[] =>
  records.filter(record => record.id !== id(offset));

/** The record once more, at the end of its topic. */
const again = (records: readonly LogRecord[], offset: number, appendedMs: number): readonly LogRecord[] => [
  ...records,
  { id: id(offset), partition: 0, offset: records.length, appendedMs },
];
const patterns = (records: readonly LogRecord[]): Partial<Evidence> => ({
  outputs: { ...sound.outputs, patterns: records },
});

test('a run that keeps every invariant has no finding', () => {
  expect(broken({})).toEqual([]);
});

describe('every input arrives everywhere', () => {
  test('an acknowledged input that Kafka does not have is found', () => {
    expect(broken({ inputs: [...sound.inputs, input(count)] })).toEqual(['Kafka keeps acknowledged inputs']);
  });

  test('an input of unknown or failed outcome is not owed', () => {
    const unknown: Input = { id: id(99), partition: 0, outcome: 'unknown', poison: false, offset: undefined };
    expect(broken({ inputs: [...sound.inputs, unknown, { ...unknown, outcome: 'fail' }] })).toEqual([]);
  });

  test('a record that the input topic has is owed even if its outcome was unknown', () => {
    const inputs = sound.inputs.map((one): Input => ({ ...one, outcome: 'unknown', offset: undefined }));
    expect(broken({ inputs })).toEqual([]);
    expect(broken({ inputs, documents: new Set() })).toContain('every input in a store');
  });

  test.each(['patterns', 'rewards', 'purchases'] as const)(
    'an input that is missing in %s is found',
    topic => {
      // The last one, and committed only in the end: it is never durable, and the commit passed it.
      const found = broken({ outputs: { ...sound.outputs, [topic]: without(output, 9) } });
      expect(found).toEqual([
        'every input in every output',
        'everything below the committed offset is durable',
      ]);
    },
  );

  test('a document that no store holds is found, also if its write was acknowledged', () => {
    const documents = new Set([...sound.documents].filter(place => place !== '0/9'));
    expect(broken({ documents })).toEqual(['every input in a store', 'stores keep acknowledged writes']);
  });
});

describe('everything below the committed offset is durable', () => {
  const name = 'everything below the committed offset is durable';

  test('a commit that was known before an output had the record is found', () => {
    const samples = [committed(5, appendedMs(4) - 6), committed(count, end)];
    expect(broken({ samples })).toEqual([name]);
  });

  test('a commit right after the acknowledgement is sound', () => {
    expect(broken({ samples: [committed(5, appendedMs(4)), committed(count, end)] })).toEqual([]);
  });

  test('a commit that was known before the store had the record is found', () => {
    const writes = sound.writes.map(write => (write.offset === 2 ? { ...write, durableMs: 4_000 } : write));
    expect(broken({ writes })).toEqual([name]);
  });

  test('a straggler below the committed offset is found, though all after it are durable', () => {
    const straggler = output.map(one => (one.offset === 3 ? { ...one, appendedMs: 4_000 } : one));
    const [finding] = check({ ...sound, ...patterns(straggler) });
    expect(finding?.invariant).toBe(name);
    expect(finding?.first[0]).toBe(
      'transactions 0: committed 5 (sample), but 3 reached patterns 2940 ms later',
    );
  });

  test('a repeat does not make up for a late first copy, nor a late repeat count against an early one', () => {
    expect(broken({ ...patterns(again(output, 7, 9_500)) })).toEqual([]);
  });
});

describe('the committed offset never goes back', () => {
  const logged = (offset: number, knownMs: number): CommittedSample => ({
    ...committed(offset, knownMs),
    source: 'commit-log',
  });

  test('a commit below an earlier one is found, however soon the next is above', () => {
    const samples = [committed(count, end), logged(8, 8_000), logged(7, 8_100), logged(count, end)];
    expect(broken({ samples })).toEqual(['the committed offset never goes back']);
  });

  test.each([
    ['an offset that stays lower', 7],
    ['an offset that is gone', -1],
  ])('%s is found in the samples', (_what, low) => {
    const samples = [
      committed(8, 3_000),
      committed(low, 3_100),
      committed(low, 8_100),
      committed(count, end),
    ];
    expect(broken({ samples })).toEqual(['the committed offset never goes back']);
  });

  test('a stale read of a moment is none, as long as no commit goes back', () => {
    const samples = [committed(8, 8_000), committed(7, 8_100), committed(8, 8_200), committed(count, end)];
    expect(broken({ samples: [...samples, logged(8, 8_000), logged(count, end)] })).toEqual([]);
  });

  test('two observers need not agree on the time', () => {
    const samples: CommittedSample[] = [
      committed(count, end),
      { ...committed(8, 8_000), source: 'commit-log' },
      { ...committed(count, 8_100), source: 'commit-log' },
    ];
    expect(broken({ samples })).toEqual([]);
  });
});

describe('duplicates', () => {
  test('from the committed offset at the fault on are allowed', () => {
    expect(broken(patterns(again(output, 5, 7_000)))).toEqual([]);
  });

  test('of what was committed when the fault hit are found', () => {
    expect(broken(patterns(again(output, 4, 7_000)))).toEqual([
      'duplicates only from the committed offset on',
    ]);
  });

  test('before any fault are found', () => {
    expect(broken(patterns(again(output, 7, 4_000)))).toEqual(['no duplicate without a fault']);
  });

  test('after a graceful rebalance are found', () => {
    const faults = [{ ...fault, graceful: true }];
    expect(broken({ ...patterns(again(output, 7, 7_000)), faults })).toEqual([
      'no duplicate without a fault',
    ]);
  });
});

describe('order per key', () => {
  const swapped = [...output.slice(0, 6), ...[7, 6, 8, 9].flatMap(i => output[i] ?? [])];

  test('two records of a key that changed places are found', () => {
    expect(broken(patterns(swapped))).toEqual(['order per key']);
  });

  test('a replay from an older record is in order once its repeats are left out', () => {
    const replayed = [5, 6].reduce<readonly LogRecord[]>(
      (records, offset) => again(records, offset, 7_000),
      output.slice(0, 7),
    );
    expect(broken(patterns([...replayed, ...output.slice(7)]))).toEqual([]);
  });

  test('records of different keys may change places', () => {
    const other = (records: readonly LogRecord[]) =>
      records.map(record => (record.id === id(7) ? { ...record, id: 'c1:0' } : record));
    const outputs = { patterns: other(swapped), rewards: other(output), purchases: other(output) };
    const inputs = sound.inputs.map(one => (one.offset === 7 ? { ...one, id: 'c1:0' } : one));
    expect(broken({ inputs, log: other(log), outputs })).toEqual([]);
  });
});

describe('liveness', () => {
  test.each([
    ['progress that never came', { progressMs: undefined }],
    ['progress after more than 30 s', { progressMs: fault.healedMs + 30_001 }],
  ])('%s is found', (_what, changes) => {
    expect(broken({ faults: [{ ...fault, ...changes }] })).toEqual(['progress within 30 s of healing']);
  });

  test('a fault that hit an idle app does not count', () => {
    expect(broken({ faults: [{ ...fault, inFlight: 0 }] })).toEqual(['work in flight at every fault']);
  });

  test('a stop beyond its deadline is found', () => {
    const late = { member: 'member-1', during: 'network-cut', deadlineMs: 10_000, tookMs: 11_001 };
    expect(broken({ stops: [late] })).toEqual(['stop inside its deadline']);
    expect(broken({ stops: [{ ...late, tookMs: 10_900 }] })).toEqual([]);
  });

  test('an unhandled rejection is found', () => {
    expect(broken({ rejections: ['member-1: unhandled rejection'] })).toEqual(['no unhandled rejection']);
  });

  test('memory beyond the limit is found', () => {
    expect(broken({ peakRssMb: 513 })).toEqual(['memory bounded']);
  });

  test('a group that does not reach the end is found; an empty partition needs no commit', () => {
    const ends = new Map([
      [0, count],
      [1, 0],
    ]);
    expect(broken({ drained: { ...sound.drained, ends } })).toEqual([]);
    const stuck = { committed: new Map([[0, count - 1]]), ends };
    expect(broken({ drained: stuck })).toEqual(['everything is committed in the end']);
  });
});

describe('topics that come and go', () => {
  const made = { topic: 'shop-1', number: 1, madeMs: 100, deletedMs: undefined };
  const copies = { topic: 'copies', number: 1, madeMs: 100, deletedMs: undefined };
  const record = (id: string, offset: number, appendedMs = 1_000): LogRecord => {
    return { id, partition: 0, offset, appendedMs };
  };
  const kept = [record('shop-1#1:0', 0), record('shop-1#1:1', 1)];
  const changing = {
    lives: [copies, made],
    log: kept.map(one => ({ ...one, topic: 'shop-1' })),
    output: kept,
    documents: kept.map(({ id }) => ({ origin: 'cluster/a', id })),
    committed: [{ topic: 'shop-1', partition: 0, offset: 2, end: 2 }],
  };
  const brokenBy = (changes: Partial<Evidence['changing']>) =>
    broken({ changing: { ...changing, ...changes } });

  test('each record processed, each offset and document its own: no finding', () => {
    expect(brokenBy({})).toEqual([]);
  });

  test('a first record that is in no output or no store is found', () => {
    expect(brokenBy({ output: kept.slice(1) })).toEqual(['every record of a topic that there is']);
    expect(brokenBy({ documents: changing.documents.slice(1) })).toEqual([
      'every record of a topic that there is',
    ]);
  });

  test('what an output had that is gone is not owed; what came after it was made anew is', () => {
    const lives = [made, { ...copies, deletedMs: 2_000 }, { ...copies, number: 2, madeMs: 3_000 }];
    expect(brokenBy({ lives, output: [] })).toEqual([]);
    const log = changing.log.map(one => ({ ...one, appendedMs: 3_001 }));
    expect(brokenBy({ lives, log, output: [] })).toEqual(['every record of a topic that there is']);
  });

  test('a record of a topic that is long gone is found, one that was under way is not', () => {
    const lives = [copies, { ...made, deletedMs: 2_000 }, { ...made, number: 2, madeMs: 3_000 }];
    const late = (appendedMs: number) => ({
      ...{ lives, log: [], documents: [], committed: [] },
      output: [record('shop-1#1:1', 0, appendedMs), record('shop-1#2:0', 1, 3_500)],
    });
    expect(brokenBy(late(22_000))).toEqual([]);
    expect(brokenBy(late(22_001))).toEqual(['nothing of a deleted topic comes back']);
  });

  test('documents of two lives under one identity are found', () => {
    const documents = [...changing.documents, { origin: 'cluster/a', id: 'shop-1#2:0' }];
    expect(brokenBy({ documents })).toEqual(['a topic made anew has documents of its own']);
  });

  test.each([5, 1, -1])('a committed offset of %i where the topic ends at 2 is found', offset => {
    expect(brokenBy({ committed: [{ topic: 'shop-1', partition: 0, offset, end: 2 }] })).toEqual([
      'a topic made anew has offsets of its own',
    ]);
  });

  test('a topic that a RegExp matches and that is read late, or never, is found', () => {
    const found = { ...made, topic: 'shop-2', madeMs: 10_000 };
    const read = (...output: LogRecord[]) => ({ lives: [copies, made, found], output: [...kept, ...output] });
    const name = 'a topic that a RegExp matches is soon read';
    expect(brokenBy(read(record('shop-2#1:0', 2, 25_000)))).toEqual([]);
    expect(brokenBy(read(record('shop-2#1:0', 2, 25_001)))).toEqual([name]);
    expect(brokenBy(read())).toEqual([name]);
  });
});

describe('the rest goes on', () => {
  const samples = [committed(5, 5_100), committed(6, 5_900), committed(count, 8_000)];
  const within = (standstillMs: number) => ({ samples, faults: [{ ...fault, standstillMs }] });

  test('a standstill that begins during a fault and outlasts what it allows is found', () => {
    expect(broken(within(2_100))).toEqual([]);
    expect(broken(within(2_099))).toEqual(['the rest goes on']);
  });
});

describe('under exactly once', () => {
  const standings = ['patterns', 'rewards', 'purchases'].map(topic => ({
    ...{ topic, partition: 0, lastStable: count, highWatermark: count },
  }));
  const sums = log.map(({ offset }) => ({ partition: 0, offset, sum: offset }));
  const written = sums.map(({ sum, ...source }) => ({ ...source, source, sum, inUnit: true }));
  const exactlyOnce: ExactlyOnceEvidence = {
    input: 'transactions',
    inputs: new Map([
      [
        0,
        sums.map(({ sum, ...place }) => ({
          ...place,
          owed: standings.map(({ topic }) => ({ topic, partition: 0, sum })),
        })),
      ],
    ]),
    outputs: new Map(standings.map(({ topic }) => [topic, new Map([[0, written]])])),
    committed: new Map([[0, count]]),
    standings,
    reached: new Map(standings.map(({ topic }) => [`${topic}:0`, count])),
    aborted: 0,
    torn: [],
    kills: [],
  };

  test('a run that keeps every invariant has no finding', () => {
    expect(broken({ exactlyOnce })).toEqual([]);
  });

  test('what at least once may repeat is judged by the reader that came along, and all else as ever', () => {
    const repeated = patterns(again(output, 7, 7_000));
    expect(broken(repeated)).toEqual([]);
    const twice = written.flatMap(record =>
      record.offset === 7 ? [record, { ...record, offset: count }] : [record],
    );
    const seen = new Map([...exactlyOnce.outputs, ['patterns', new Map([[0, twice]])]]);
    expect(broken({ ...repeated, exactlyOnce: { ...exactlyOnce, outputs: seen } })).toEqual([
      'no output twice',
    ]);
    expect(broken({ exactlyOnce, documents: new Set() })).toContain('every input in a store');
  });

  test('what is no purchase is owed to no output, and commits pass it', () => {
    // The fifth is poison: the log of purchases has a gap.
    const rest = without(log, 4);
    const poisoned = {
      inputs: sound.inputs.filter(one => one.id !== id(4)),
      log: rest,
      outputs: { patterns: without(output, 4), rewards: without(output, 4), purchases: without(output, 4) },
      writes: sound.writes.filter(({ offset }) => offset !== 4),
      documents: new Set([...sound.documents].filter(place => place !== '0/4')),
    };
    expect(broken({ ...poisoned, exactlyOnce })).toEqual([]);
  });
});

test('a finding counts all breaches and shows the first ten', () => {
  const [finding] = check({
    ...sound,
    documents: new Set(),
    writes: sound.writes.slice(0, 0),
    samples: [],
    log,
  });
  expect(finding).toMatchObject({ invariant: 'every input in a store', count, first: expect.any(Array) });
  const many = check({ ...sound, rejections: Array.from({ length: 25 }, (_, i) => `rejection ${i}`) });
  expect(many).toEqual([expect.objectContaining({ count: 25 })]);
  expect(many[0]?.first).toHaveLength(10);
});
