import fc from 'fast-check';
import type { ProcessorOutput } from '../../../lib/state/processors/processor.js';
import { SessionAggregate } from '../../../lib/state/processors/session-aggregate.js';
import { timeAt } from '../../../lib/state/processors/time-bytes.js';
import { session } from '../../../lib/time/session.js';
import { casesOf, param } from '../../goldens/cases.js';
import {
  answersOf,
  differing,
  type MakeMachine,
  machineOf,
  unexplained,
  ways,
} from '../../goldens/machine.js';
import { sessionFolds } from '../../goldens/session-folds.js';
import { PlainState } from '../plain-tables.js';

function sessions(fold: keyof typeof sessionFolds, emit: 'updates' | 'final'): MakeMachine {
  return (state, of) => {
    const { retentionMs } = of.params;
    const windows = session(param(of, 'gapMs'), { graceMs: param(of, 'graceMs'), retentionMs });
    return machineOf(new SessionAggregate(state, { windows, emits: emit, fold: sessionFolds[fold] }));
  };
}

const finals = [
  ['session-count-final', 'count'],
  ['session-reduce-final', 'reduce'],
  ['session-aggregate-final', 'aggregate'],
] as const;

describe.each(ways)('sessions agree with Kafka Streams %s', way => {
  test.each([
    ['session-count-update', 'count'],
    ['session-reduce-update', 'reduce'],
    ['session-aggregate-update', 'aggregate'],
  ] as const)('%s', (op, fold) => {
    expect(differing(op, sessions(fold, 'updates'), way)).toEqual([]);
  });

  test.each([...finals, ['session-aggregate-final-default-retention', 'aggregate'] as const])(
    '%s, but where that merges a closed session again, loses or forgets one',
    async (op, fold) => {
      expect(await unexplained(op, sessions(fold, 'final'), way)).toEqual([]);
    },
  );
});

test.each(finals)(
  '%s differs where final results of Kafka Streams for a key overlap or touch, and nowhere else',
  (op, fold) => {
    const touching = casesOf(new RegExp(op))
      .filter(of => touch(windowsByKey(of.output.flat()), param(of, 'gapMs')))
      .map(of => of.case);
    expect(touching.length).toBeGreaterThan(5);
    expect(differing(op, sessions(fold, 'final'), 'in one piece')).toEqual(touching);
  },
);

test.each(finals)('%s: closing one at a time is closing at once', (op, fold) => {
  for (const of of casesOf(new RegExp(op))) {
    const make = sessions(fold, 'final');
    expect(answersOf(of, make, 'in one piece', 1)).toEqual(answersOf(of, make, 'in one piece', 1_000));
  }
});

type Bounds = readonly [start: number, end: number];

function windowsByKey(
  output: readonly (readonly [key: unknown, ...rest: unknown[]])[],
): Map<string, Bounds[]> {
  const byKey = new Map<string, Bounds[]>();
  for (const [windowed] of output) {
    // Of an operation with windows.
    const { key, start, end } = windowed as { key: string; start: number; end: number };
    byKey.set(key, [...(byKey.get(key) ?? []), [start, end]]);
  }
  return byKey;
}

function touch(byKey: ReadonlyMap<string, readonly Bounds[]>, gapMs: number): boolean {
  return [...byKey.values()].some(all =>
    all.some(([start, end], index) =>
      all.slice(0, index).some(one => one[0] <= end + gapMs && start <= one[1] + gapMs),
    ),
  );
}

interface Heard extends ProcessorOutput<number> {
  readonly results: (readonly [key: string, start: number, end: number, value: number | null])[];
  late: number;
}

function hearing(): Heard {
  return {
    results: [],
    late: 0,
    result(key, window, value) {
      this.results.push([key, window?.start ?? -1, window?.end ?? -1, value]);
    },
    notTaken(why) {
      if (why === 'late') this.late++;
    },
  };
}

interface Options {
  readonly gapMs: number;
  readonly graceMs: number;
  readonly emit: 'updates' | 'final';
  readonly retentionMs?: number;
}

function counting(
  state: PlainState,
  { gapMs: gap, emit, ...options }: Options,
): SessionAggregate<string, number> {
  return new SessionAggregate<string, number>(state, {
    windows: session(gap, options),
    emits: emit,
    fold: { add: (count = 0) => count + 1, merge: (one, other) => one + other },
  });
}

/** Keys of which one begins another, also where the end of a session would stand behind it. */
const key = fc.constantFrom('', 'a', 'ab', 'a\0', 'a\0\0\0\0\0\0\0\x05');
const records = fc.array(fc.tuple(key, fc.nat(120)), { maxLength: 60 });
const gapMs = fc.integer({ min: 0, max: 12 });
const graceMs = fc.integer({ min: 0, max: 40 });

/** The sessions of the table, by key. */
function kept(state: PlainState): Map<string, Bounds[]> {
  const byKey = new Map<string, Bounds[]>();
  for (const [at] of state.table('sessions').page({}, 1_000)) {
    const text = at.slice(0, -16);
    const bounds = [timeAt(at, at.length - 8), timeAt(at, at.length - 16)] as const;
    byKey.set(text, [...(byKey.get(text) ?? []), bounds]);
  }
  return byKey;
}

describe('whatever comes', () => {
  test('the sessions of a key are apart by more than the gap after each record', () => {
    fc.assert(
      fc.property(records, gapMs, graceMs, (all, gap, grace) => {
        const state = new PlainState();
        const processor = counting(state, { gapMs: gap, graceMs: grace, emit: 'final' });
        const heard = hearing();
        for (const [of, timestamp] of all) {
          processor.take(of, 'v', timestamp, heard);
          while (processor.close(2, heard));
          expect(touch(kept(state), gap)).toBe(false);
        }
      }),
    );
  });

  test('each record is in one final result, in an open session, or late, and the ends of a key ascend', () => {
    fc.assert(
      fc.property(records, gapMs, graceMs, (all, gap, grace) => {
        const state = new PlainState();
        const processor = counting(state, { gapMs: gap, graceMs: grace, emit: 'final' });
        const heard = hearing();
        for (const [of, timestamp] of all) {
          processor.take(of, 'v', timestamp, heard);
          while (processor.close(2, heard));
        }
        const open = state.table<number>('sessions').page({}, 1_000);
        const counted = [
          ...heard.results.map(([, , , count]) => count ?? 0),
          ...open.map(([, row]) => row.value),
        ];
        expect(counted.reduce((sum, count) => sum + count, heard.late)).toBe(all.length);
        const ends = new Map<string, number>();
        for (const [of, , end] of heard.results) {
          expect(end).toBeGreaterThan(ends.get(of) ?? -1);
          ends.set(of, end);
        }
        processor.take('end', 'v', 10_000, heard);
        while (processor.close(2, heard));
        expect([...kept(state).keys()]).toEqual(['end']);
        expect(state.table('sessions-by-end').page({}, 1_000)).toHaveLength(1);
      }),
    );
  });

  test('within grace the order of arrival does not matter, in updates and in final results', () => {
    fc.assert(
      fc.property(records, gapMs, fc.constantFrom('updates', 'final'), (all, gap, emit) => {
        const processor = counting(new PlainState(), { gapMs: gap, graceMs: 120, emit });
        const heard = hearing();
        for (const [of, timestamp] of all) processor.take(of, 'v', timestamp, heard);
        processor.take('end', 'v', 10_000, heard);
        while (processor.close(7, heard));
        const made = new Map(
          heard.results.map(([of, start, end, count]) => [`${of} ${start} ${end}`, count]),
        );
        made.delete('end 10000 10000');
        const left = [...made].filter(([, count]) => count !== null);
        expect(new Map(left)).toEqual(naive(all, gap));
      }),
    );
  });
});

/** Records sorted by time and cut at the gaps. */
function naive(
  all: readonly (readonly [key: string, timestamp: number])[],
  gap: number,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const of of new Set(all.map(([one]) => one))) {
    const times = all.filter(([one]) => one === of).map(([, time]) => time);
    let session: number[] = [];
    const end = () => {
      if (session.length > 0) counts.set(`${of} ${session[0]} ${session.at(-1)}`, session.length);
    };
    for (const time of times.sort((a, b) => a - b)) {
      const last = session.at(-1);
      if (last !== undefined && time - last > gap) {
        end();
        session = [];
      }
      session.push(time);
    }
    end();
  }
  return counts;
}

test('of a key that is used lately nothing is searched for records in order', () => {
  const state = new PlainState();
  const processor = counting(state, { gapMs: 10, graceMs: 0, emit: 'updates' });
  processor.take('a', 'v', 0, hearing());
  const page = jest.spyOn(state.table('sessions'), 'page');
  for (const timestamp of [0, 5, 15, 40, 41]) processor.take('a', 'v', timestamp, hearing());
  expect(page).not.toHaveBeenCalled();
  processor.take('a', 'v', 39, hearing());
  expect(page).toHaveBeenCalledTimes(1);
});

test('sessions that nobody finds any more are removed in the end, in segments of their time', () => {
  const state = new PlainState();
  const processor = counting(state, { gapMs: 10, graceMs: 0, emit: 'updates' });
  const heard = hearing();
  for (let timestamp = 0; timestamp < 600_000; timestamp += 1_000) {
    processor.take('a', 'v', timestamp, heard);
    while (processor.close(7, heard));
  }
  expect(state.table('sessions').page({}, 1_000).length).toBeLessThanOrEqual(61);
  expect(state.table('sessions-by-end').page({}, 1_000).length).toBeLessThanOrEqual(61);
});

test('a closed session is kept for its retention, and is merged with nothing', () => {
  const state = new PlainState();
  const processor = counting(state, { gapMs: 10, graceMs: 0, emit: 'final', retentionMs: 100_000 });
  const heard = hearing();
  const take = (timestamp: number) => {
    processor.take('a', 'v', timestamp, heard);
    while (processor.close(1, heard));
  };
  for (const timestamp of [0, 21, 11, 10]) take(timestamp);
  expect(heard.results).toEqual([['a', 0, 0, 1]]);
  expect(heard.late).toBe(0);
  expect(kept(state).get('a')).toEqual([
    [0, 0],
    [10, 21],
  ]);
  take(300_000);
  expect(heard.results).toHaveLength(2);
  expect(kept(state).get('a')).toEqual([[300_000, 300_000]]);
});
