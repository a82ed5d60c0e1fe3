/** A record counts in all of its windows or in none, wherever its fold throws or a row of it is refused, and of one in none nothing is told. */
import fc from 'fast-check';
import { CallsWithState } from '../../../lib/state/processors/calls-with-state.js';
import { HeldFor } from '../../../lib/state/processors/held-for.js';
import type { ProcessorState } from '../../../lib/state/processors/processor.js';
import { SessionAggregate } from '../../../lib/state/processors/session-aggregate.js';
import { SuppressUntilTimeLimit } from '../../../lib/state/processors/suppress-until-time-limit.js';
import { WholeState } from '../../../lib/state/processors/whole-state.js';
import type { KeyRange, Row, StateTable } from '../../../lib/state/state-table.js';
import { session } from '../../../lib/time/session.js';
import { PlainState } from '../plain-tables.js';
import { Heard } from './heard.js';
import { aggregateIn, inputs, someWindows } from './processors-of-windows.js';

/** Refuses the put that is so many away; puts that undo pass, as of rows that were there. */
class Refusing implements ProcessorState {
  readonly #state: PlainState;
  putsLeft = Number.POSITIVE_INFINITY;

  constructor(state: PlainState) {
    this.#state = state;
  }

  get numbers() {
    return this.#state.numbers;
  }

  table<T>(name: string): StateTable<T> {
    const table = this.#state.table<T>(name);
    return {
      get: key => table.get(key),
      put: (key: string, row: Row<T>) => {
        if (--this.putsLeft === 0) throw new Error('refused');
        table.put(key, row);
      },
      delete: key => table.delete(key),
      page: (range: KeyRange, limit: number) => table.page(range, limit),
    };
  }
}

const emits = fc.constantFrom('updates' as const, 'final' as const);
/** Which of its puts, or of its folds, is the one that throws. */
const failures = fc.array(
  fc.option(fc.record({ of: fc.constantFrom('put', 'fold'), nth: fc.integer({ min: 1, max: 4 }) })),
  { minLength: 40, maxLength: 40 },
);

const tablesOf = (state: PlainState) => (state.contents() as { readonly tables: unknown }).tables;

/** @returns how many records were refused */
function check(
  make: (
    state: ProcessorState,
    fold: (sum: number | undefined, value: number | null) => number,
  ) => {
    take: ReturnType<typeof aggregateIn<number, number>>['take'];
    close: ReturnType<typeof aggregateIn<number, number>>['close'];
    reset(): void;
  },
  records: readonly { key: string; value: number; timestamp: number }[],
  failing: readonly ({ readonly of: string; readonly nth: number } | null)[],
): number {
  const plain = new PlainState();
  const state = new Refusing(plain);
  let foldsLeft = Number.POSITIVE_INFINITY;
  const processor = make(state, (sum = 0, value) => {
    if (--foldsLeft === 0) throw new Error('refused');
    return sum + (value ?? 0);
  });
  const heard = new Heard<number>();
  let refused = 0;
  for (const [index, { key, value, timestamp }] of records.entries()) {
    const fails = failing[index];
    state.putsLeft = fails?.of === 'put' ? fails.nth : Number.POSITIVE_INFINITY;
    foldsLeft = fails?.of === 'fold' ? fails.nth : Number.POSITIVE_INFINITY;
    const before = structuredClone(tablesOf(plain));
    const told = heard.results.length;
    try {
      processor.take(key, value, timestamp, heard);
    } catch {
      refused++;
      processor.reset();
      expect(tablesOf(plain)).toEqual(before);
      expect(heard.results).toHaveLength(told);
    }
    [state.putsLeft, foldsLeft] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    while (processor.close(10, heard));
  }
  return refused;
}

/** Of so many runs some are refused. @param check how many of one's records were */
function refusesSome<T>(given: fc.Arbitrary<T>, check: (given: T) => number): void {
  let refused = 0;
  fc.assert(
    fc.property(given, one => {
      refused += check(one);
    }),
    { numRuns: 300 },
  );
  expect(refused).toBeGreaterThan(100);
}

test('in windows of a grid, and in sliding ones', () => {
  refusesSome(
    fc.tuple(someWindows(20), emits, inputs(200), failures),
    ([windows, emitted, records, failing]) =>
      check((state, fold) => aggregateIn(state, { windows, fold, emits: emitted }), records, failing),
  );
});

test('in sessions: those that were there stay, and none is told to be absorbed', () => {
  refusesSome(
    fc.tuple(fc.integer({ min: 0, max: 20 }), emits, inputs(200), failures),
    ([gap, emitted, records, failing]) => {
      const windows = session(gap, { graceMs: 20 });
      return check(
        (state, add) =>
          new SessionAggregate<number, number>(state, {
            windows,
            fold: { add, merge: (one, other) => one + other },
            emits: emitted,
          }),
        records,
        failing,
      );
    },
  );
});

test('held back for a while: what cannot be held back is counted in no row, and leaves no place', () => {
  refusesSome(fc.tuple(someWindows(20), inputs(200), failures), ([windows, records, failing]) =>
    check(
      (state, fold) => {
        const whole = new WholeState(state);
        const processor = aggregateIn(whole, { windows, fold, emits: 'updates' });
        const parts = { kind: 'window', everyMs: 5, now: () => 0, alarm: () => {} } as const;
        return new HeldFor(processor, whole, parts);
      },
      records,
      failing,
    ),
  );
});

test('suppressed for a time: what is refused keeps no place, and counts for none', () => {
  refusesSome(fc.tuple(inputs(200), failures), ([records, failing]) => {
    let held = -1;
    const refused = check(
      state => {
        const suppress = new SuppressUntilTimeLimit<number>(state, {
          kind: 'plain',
          limitMs: 20,
          maxRecords: 5,
        });
        return {
          take: (key, value, timestamp) => suppress.take(key ?? '', undefined, value, timestamp),
          close(limit, output) {
            const isMore = suppress.close(limit, output);
            held = state.table('suppressed').page({}, 1_000).length;
            expect(state.numbers.get('suppress-held') ?? 0).toBe(held);
            return isMore;
          },
          reset: () => suppress.reset(),
        };
      },
      records,
      failing,
    );
    expect(held).toBeLessThanOrEqual(5);
    return refused;
  });
});

test('a timer whose function is refused has neither moved nor cancelled those that are due behind it', () => {
  const state = new Refusing(new PlainState());
  const fired: string[] = [];
  const failed: unknown[] = [];
  const calls: CallsWithState<string, string, string, string> = new CallsWithState<
    string,
    string,
    string,
    string
  >(state, {
    keys: { keyText: key => key, keyOf: key => key },
    call(own) {
      if (calls.streamTime > 0) return;
      for (const [i, name] of ['bad', 'second', 'third'].entries()) own.timers.set(i + 1, name);
    },
    onTimer: (_key, _due, name, own) => {
      fired.push(name);
      if (name !== 'bad') return;
      own.timers.cancel('second');
      own.timers.set(20, 'third');
      own.timers.set(2, 'other');
      // Two puts for each that is set, and the last is refused.
      state.putsLeft = 4;
    },
    identify: () => {},
    now: () => 0,
    failed: cause => failed.push(cause),
    alarm: () => {},
  });
  const heard = new Heard();
  calls.take('a', '', 0, heard);
  calls.take('b', '', 9, heard);
  while (calls.close(100, heard));
  expect(failed).toHaveLength(1);
  expect(fired.slice(0, 3)).toEqual(['bad', 'second', 'third']);
});
