import fc from 'fast-check';
import type { Processor, ProcessorOutput, ProcessorState } from '../../../lib/state/processors/processor.js';
import { SessionAggregate } from '../../../lib/state/processors/session-aggregate.js';
import type { Suppress } from '../../../lib/state/processors/suppress.js';
import { SuppressUntilTimeLimit } from '../../../lib/state/processors/suppress-until-time-limit.js';
import {
  type ClosingWindows,
  SuppressUntilWindowCloses,
} from '../../../lib/state/processors/suppress-until-window-closes.js';
import { WindowedAggregate } from '../../../lib/state/processors/windowed-aggregate.js';
import { hopping } from '../../../lib/time/hopping.js';
import { session } from '../../../lib/time/session.js';
import { sliding } from '../../../lib/time/sliding.js';
import { tumbling } from '../../../lib/time/tumbling.js';
import { casesOf, type GoldenCase, type GoldenValue, param } from '../../goldens/cases.js';
import { folds } from '../../goldens/folds.js';
import { answersOf, differing, type MakeMachine, unexplained, ways } from '../../goldens/machine.js';
import { sessionFolds } from '../../goldens/session-folds.js';
import { PlainState } from '../plain-tables.js';
import { aggregateIn } from './processors-of-windows.js';

type Of<W extends ClosingWindows> = (of: GoldenCase) => W;

const windowsOf = {
  tumbling: of => tumbling(param(of, 'sizeMs'), grace(of)),
  hopping: of => hopping(param(of, 'sizeMs'), { advanceMs: param(of, 'advanceMs'), ...grace(of) }),
  sliding: of => sliding(param(of, 'differenceMs'), grace(of)),
  session: of => session(param(of, 'gapMs'), grace(of)),
} satisfies Record<string, Of<ClosingWindows>>;

function grace(of: GoldenCase): { graceMs: number } {
  return { graceMs: param(of, 'graceMs') };
}

function aggregateOf(state: ProcessorState, windows: ClosingWindows): Processor<string, GoldenValue> {
  const emits = 'updates';
  if (windows.kind === 'session')
    return new SessionAggregate(state, { windows, emits, fold: sessionFolds.aggregate });
  return aggregateIn(state, { windows, emits, fold: folds.aggregate });
}

/** What an aggregate hands on, suppressed, as by two operators: each update is taken, and what it closes handed on, before the next. */
function suppressed(
  processor: Processor<string, GoldenValue>,
  suppress: Suppress<GoldenValue>,
  limit = 2,
): ReturnType<MakeMachine> {
  const into = (output: ProcessorOutput<GoldenValue>): ProcessorOutput<GoldenValue> => ({
    result(key, window, value, timestamp) {
      suppress.take(key, window, value, timestamp, output);
      while (suppress.close(limit, output));
    },
    notTaken: (...what) => output.notTaken(...what),
  });
  return {
    take: ({ key, value, timestamp }, output) => processor.take(key, value, timestamp, into(output)),
    close: (limit, output) => processor.close(limit, into(output)),
    reset() {
      processor.reset();
      suppress.reset();
    },
  };
}

const untilWindowCloses =
  (windows: Of<ClosingWindows>, limit?: number): MakeMachine =>
  (state, of) =>
    suppressed(aggregateOf(state, windows(of)), new SuppressUntilWindowCloses(state, windows(of)), limit);

const tumblingUntilTimeLimit: MakeMachine = (state, of) => {
  const limitMs = param(of, 'limitMs');
  const { maxRecords } = of.params;
  const windows = windowsOf.tumbling(of);
  return suppressed(
    new WindowedAggregate(state, { windows, fold: folds.count, emits: 'updates' }),
    new SuppressUntilTimeLimit(state, { kind: 'window', limitMs, maxRecords }),
  );
};

/** A table hands on each record with a key. */
const table: Processor<string, GoldenValue> = {
  take(key, value, timestamp, output) {
    if (key === undefined) output.notTaken('null-key', undefined);
    else output.result(key, undefined, value, timestamp);
  },
  close: () => false,
  reset() {},
};

const tableUntilTimeLimit: MakeMachine = (state, of) => {
  const limitMs = param(of, 'limitMs');
  const { maxRecords } = of.params;
  return suppressed(table, new SuppressUntilTimeLimit(state, { kind: 'plain', limitMs, maxRecords }));
};

const kinds = ['tumbling', 'hopping', 'sliding', 'session'] as const;

describe.each(ways)('suppressed updates agree with Kafka Streams %s', way => {
  test.each(kinds)('%s-suppress, but where it hands on a window twice', async kind => {
    expect(await unexplained(`${kind}-suppress`, untilWindowCloses(windowsOf[kind]), way)).toEqual([]);
  });

  test('tumbling-suppress-limit', () => {
    expect(differing('tumbling-suppress-limit', tumblingUntilTimeLimit, way)).toEqual([]);
  });

  test.each(['suppress-limit', 'suppress-limit-max'])('%s', op => {
    expect(differing(op, tableUntilTimeLimit, way)).toEqual([]);
  });
});

test.each(kinds)(
  '%s-suppress differs where Kafka Streams hands a window on twice, and nowhere else',
  kind => {
    const op = `${kind}-suppress`;
    const doubled = casesOf(new RegExp(op)).filter(of => handsOnTwice(of.output.flat()));
    expect(differing(op, untilWindowCloses(windowsOf[kind]), 'in one piece')).toEqual(
      doubled.map(of => of.case),
    );
  },
);

test.each(kinds)('%s-suppress: ours hands on no window twice, and closes one at a time as at once', kind => {
  const [one, all] = [1, 1_000].map(limit => untilWindowCloses(windowsOf[kind], limit));
  for (const of of casesOf(new RegExp(`${kind}-suppress`))) {
    const answers = answersOf(of, one as MakeMachine, 'in one piece');
    expect(handsOnTwice(answers.flatMap(({ output }) => output))).toBe(false);
    expect(answers).toEqual(answersOf(of, all as MakeMachine, 'in one piece'));
  }
});

function handsOnTwice(output: readonly (readonly [key: unknown, ...rest: unknown[]])[]): boolean {
  const keys = output.map(([key]) => JSON.stringify(key));
  return new Set(keys).size < keys.length;
}

type Result = readonly [key: string, value: string | null, timestamp: number];

function hearing(): ProcessorOutput<string> & { readonly results: Result[]; readonly refused: string[] } {
  return {
    results: [],
    refused: [],
    result(key, _window, value, timestamp) {
      this.results.push([key, value, timestamp]);
    },
    notTaken(why) {
      this.refused.push(why);
    },
  };
}

describe('until the window closes', () => {
  const windows = sliding(10, { graceMs: 0 });

  test('what comes for a window that was handed on is late as long as it may come, and noted no longer', () => {
    const state = new PlainState();
    const suppress = new SuppressUntilWindowCloses<string>(state, windows);
    const heard = hearing();
    const take = (key: string, end: number, value: string, timestamp: number) => {
      suppress.take(key, { start: end - 10, end }, value, timestamp, heard);
      while (suppress.close(1, heard));
    };
    take('a', 20, 'first', 20);
    take('a', 20, 'again', 20);
    take('b', 20, 'other', 20);
    expect(heard.results).toEqual([
      ['a', 'first', 20],
      ['b', 'other', 20],
    ]);
    expect(heard.refused).toEqual(['late']);
    expect(state.table('suppressed').page({}, 9)).toHaveLength(2);
    take('c', 40, 'later', 30);
    expect(state.table('suppressed').page({}, 9)).toHaveLength(1);
  });

  test('what comes when its window is closed already is handed on behind what was closed before', () => {
    const suppress = new SuppressUntilWindowCloses<string>(new PlainState(), windows);
    const heard = hearing();
    const take = (key: string, end: number, timestamp: number) =>
      suppress.take(key, { start: end - 10, end }, 'v', timestamp, heard);
    take('b', 20, 5);
    take('c', 30, 30);
    take('z', 15, 15);
    take('a', 15, 15);
    take('d', 40, 50);
    while (suppress.close(1, heard));
    expect(heard.results.map(([key]) => key)).toEqual(['b', 'c', 'z', 'a', 'd']);
  });
});

test('until the time limit: each row comes out at most once a limit, with its newest update', () => {
  const update = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(6));
  fc.assert(
    fc.property(fc.array(update, { maxLength: 40 }), fc.integer({ min: 1, max: 9 }), (steps, limitMs) => {
      const state = new PlainState();
      const suppress: Suppress<string> = new SuppressUntilTimeLimit(state, { kind: 'plain', limitMs });
      const heard = hearing();
      const begun = new Map<string, number>();
      const newest = new Map<string, string>();
      let time = 0;
      for (const [index, [key, step]] of steps.entries()) {
        time += step;
        begun.set(key, begun.get(key) ?? time);
        newest.set(key, String(index));
        const before = heard.results.length;
        suppress.take(key, undefined, String(index), time, heard);
        while (suppress.close(2, heard));
        for (const [of, value] of heard.results.slice(before)) {
          expect(value).toBe(newest.get(of));
          expect(time - (begun.get(of) ?? time)).toBeGreaterThanOrEqual(limitMs);
          begun.delete(of);
        }
        for (const since of begun.values()) expect(time - since).toBeLessThan(limitMs);
      }
      expect(state.numbers.get('suppress-held') ?? 0).toBe(begun.size);
    }),
  );
});
