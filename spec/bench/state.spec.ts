import { type Compared, type ContentRecord, Contents, requireSame } from '../../bench/state/contents.js';
import { keysBy, type Law, scattered } from '../../bench/state/keys.js';
import { type InputPlan, recordsOf } from '../../bench/state/state-input.js';
import { stateRows } from '../../bench/state/state-rows.js';
import { type MeasuredState, stateVerdictOf } from '../../bench/state/state-verdict.js';
import { drawsFrom } from '../../demos/purchases/draws.js';

describe('keys are drawn', () => {
  const keys = 100;
  const timesOf = (law: Law): readonly number[] => {
    const next = keysBy(law, keys, drawsFrom('keys'));
    const times = new Array<number>(keys).fill(0);
    for (let i = 0; i < 200_000; i++) {
      const key = next();
      times[key] = (times[key] ?? 0) + 1;
    }
    return times.sort((a, b) => b - a);
  };

  test('by Zipf’s law the nth an nth as often as the first, which comes once in all harmonic terms', () => {
    const times = timesOf('zipf');
    const harmonic = times.reduce((sum, _time, rank) => sum + 1 / (rank + 1), 0);
    const [first = 0] = times;
    expect(first / 200_000).toBeCloseTo(1 / harmonic, 2);
    for (const rank of [1, 4, 9, 49]) expect((times[rank] ?? 0) / first).toBeCloseTo(1 / (rank + 1), 2);
  });

  test('uniformly each alike', () => {
    const times = timesOf('uniform');
    expect(Math.max(...times) / Math.min(...times)).toBeLessThan(1.2);
  });

  test('each has a place of its own among the others, and neighbours are far apart', () => {
    expect(new Set(Array.from({ length: keys }, (_none, i) => scattered(i, keys))).size).toBe(keys);
    expect(Math.abs(scattered(1, 10_000_000) - scattered(2, 10_000_000))).toBeGreaterThan(1_000_000);
  });
});

describe('the input', () => {
  const plan: InputPlan = { keys: 10, law: 'zipf', filled: true, stepMs: 7, value: 'short' };

  test('has each key once before any is drawn, where it is filled', () => {
    const records = [...recordsOf(plan, 30, [])];
    expect(records).toHaveLength(30);
    expect(new Set(records.slice(0, 10).map(({ key }) => key)).size).toBe(10);
    const drawn = [...recordsOf({ ...plan, filled: false }, 30, [])];
    expect(new Set(drawn.slice(0, 10).map(({ key }) => key)).size).toBeLessThan(10);
  });

  test('is the same each time, and its times go on by one step', () => {
    const [one, other] = [[...recordsOf(plan, 20, [])], [...recordsOf(plan, 20, [])]];
    expect(one).toEqual(other);
    const steps = one.slice(1).map(({ timestamp }, i) => timestamp - (one[i]?.timestamp ?? 0));
    expect(new Set(steps)).toEqual(new Set([7]));
  });

  test('has purchases as its values, over and over', () => {
    const purchases = [Buffer.from('a'), Buffer.from('b')];
    const values = [...recordsOf({ ...plan, value: 'purchase' }, 3, purchases)].map(({ value }) => value);
    expect(values).toEqual([purchases[0], purchases[1], purchases[0]]);
  });
});

test('rows have titles of their own, and of all operations there is one in memory and on disk', () => {
  const rows = stateRows(10_000_000);
  expect(new Set(rows.map(({ title }) => title)).size).toBe(rows.length);
  expect(rows.map(({ title }) => title)).toEqual(
    expect.arrayContaining(['count memory updates', 'tumbling disk commit', 'session disk updates']),
  );
});

describe('what was written is compared', () => {
  const record = (key: string, value: string | null, timestamp = 1): ContentRecord => ({
    key: Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    timestamp,
  });
  const sumOf = (compared: Compared, records: readonly ContentRecord[]) => {
    const contents = new Contents(compared);
    for (const one of records) contents.add(one);
    return contents.sum;
  };
  const right = [record('a', '1'), record('b', '1'), record('a', '2')];

  test('whatever the order of partitions', () => {
    expect(sumOf('all', right.toReversed())).toEqual(sumOf('all', right));
  });

  test.each<[string, readonly ContentRecord[]]>([
    ['a record is missing', right.slice(1)],
    ['one stands there twice', [...right, record('a', '2')]],
    ['a value differs', [...right.slice(0, 2), record('a', '3')]],
    ['a time differs', [...right.slice(0, 2), record('a', '2', 2)]],
    ['a deletion is an empty value', [...right.slice(0, 2), record('a', null)]],
    ['bytes of a value are of the key', [...right.slice(0, 2), record('a2', '')]],
  ])('and that %s is seen', (_what, wrong) => {
    expect(sumOf('all', wrong)).not.toEqual(sumOf('all', right));
  });

  test('by the last of each key alone, where how many come before it goes by commits', () => {
    expect(sumOf('last', right)).toEqual(sumOf('last', right.slice(1)));
    expect(sumOf('last', right)).not.toEqual(sumOf('last', right.slice(0, 2)));
    expect(sumOf('last', right).records).toBe(2);
  });

  test('and who differs is named', () => {
    const one = { who: 'kafka-rx', sum: sumOf('all', right) };
    const less = { who: 'kafka-streams', sum: sumOf('all', right.slice(1)) };
    const other = { who: 'kafka-streams', sum: sumOf('all', [...right.slice(1), record('c', '1')]) };
    expect(() => requireSame('count', one, one)).not.toThrow();
    expect(() => requireSame('count', one, less)).toThrow('count: kafka-rx wrote 3 results, kafka-streams 2');
    expect(() => requireSame('count', one, other)).toThrow('3 results each, but not the same');
  });
});

describe('the verdict on states', () => {
  const measured = (
    row: string,
    name: MeasuredState['name'],
    throughput: number[],
    cpuUs: number[],
  ): MeasuredState => ({ row, name, throughput, cpuUs, wroteMib: cpuUs.map(() => 1), results: 10 });

  test('compares within a round', () => {
    const { pass, verdict, figures } = stateVerdictOf(
      [
        measured('count', 'kafka-rx', [100, 10, 100], [8, 80, 8]),
        measured('count', 'kafka-streams', [100, 9, 90], [10, 100, 11]),
      ],
      [],
    );
    expect([pass, verdict]).toEqual([true, 'kafka-rx 8.0 to 8.0 µs of CPU a record, every target met']);
    expect(figures).toMatchObject({ comparisons: [{ cpu: { median: 0.8 }, throughput: { min: 1 } }] });
  });

  test.each<[string, number, number]>([
    ['CPU', 100, 8.1],
    ['throughput', 99, 8],
  ])('is missed by %s alone', (_what, throughput, cpuUs) => {
    const { pass, verdict } = stateVerdictOf(
      [measured('count', 'kafka-rx', [throughput], [cpuUs]), measured('count', 'kafka-streams', [100], [10])],
      [],
    );
    expect(pass).toBe(false);
    expect(verdict).toContain('targets missed: count');
  });

  const byKeys = (own: readonly number[], peers: readonly number[]): readonly MeasuredState[] =>
    ['few', 'many'].flatMap((row, i) => [
      measured(row, 'kafka-rx', [100], [own[i] ?? 0]),
      measured(row, 'kafka-streams', [10], [peers[i] ?? 0]),
    ]);

  test.each<[string, 'zipf' | 'uniform', readonly number[], readonly number[], boolean]>([
    ['many of Zipf’s cost half more', 'zipf', [10, 15], [100, 100], true],
    ['many of Zipf’s cost more than that', 'zipf', [10, 15.1], [100, 900], false],
    ['uniform ones cost what they do in RocksDB', 'uniform', [10, 30], [100, 300], true],
    ['uniform ones cost more', 'uniform', [10, 31], [100, 300], false],
  ])('holds many keys to few: %s', (_what, law, own, peers, met) => {
    const { pass, lines } = stateVerdictOf(byKeys(own, peers), [{ law, few: 'few', many: 'many' }]);
    expect(pass).toBe(met);
    expect(lines.at(-1)).toContain('many to few, CPU');
  });

  test('is none alone, but for Zipf’s bound', () => {
    const alone = byKeys([10, 14], [1, 1]).filter(({ name }) => name === 'kafka-rx');
    expect(stateVerdictOf(alone, []).pass).toBeUndefined();
    expect(stateVerdictOf(alone, [{ law: 'uniform', few: 'few', many: 'many' }]).pass).toBeUndefined();
    expect(stateVerdictOf(alone, [{ law: 'zipf', few: 'few', many: 'many' }]).pass).toBe(true);
  });
});
