/**
 * Where stream time is held at the least advanced of two writers, it does not matter which of them comes first: whatever operator it is, nothing is late or
 * expired, and each window comes to what it would have, had all come in the order of time.
 */
import fc from 'fast-check';
import { cogroupWindows } from '../../../lib/state/processors/cogroup.js';
import { type Fold, reducing } from '../../../lib/state/processors/fold.js';
import type { ProcessorOutput, ProcessorState } from '../../../lib/state/processors/processor.js';
import { SessionAggregate } from '../../../lib/state/processors/session-aggregate.js';
import { SuppressUntilTimeLimit } from '../../../lib/state/processors/suppress-until-time-limit.js';
import { SuppressUntilWindowCloses } from '../../../lib/state/processors/suppress-until-window-closes.js';
import type { Emits } from '../../../lib/state/processors/windowed-aggregate.js';
import { hopping } from '../../../lib/time/hopping.js';
import { session } from '../../../lib/time/session.js';
import { sliding } from '../../../lib/time/sliding.js';
import type { TimeBound } from '../../../lib/time/stream-time.js';
import { tumbling } from '../../../lib/time/tumbling.js';
import { PlainState } from '../plain-tables.js';
import { aggregateIn, type Input } from './processors-of-windows.js';

interface Machine {
  take(input: Input, output: ProcessorOutput<number>): void;
  close(output: ProcessorOutput<number>): void;
}

const graceMs = 0;
const summing = reducing((old: number, value: number) => old + value) as Fold<number | null, number>;
const sums = {
  initial: () => 0,
  add: (sum: number | undefined, value: number | null) => (sum ?? 0) + (value ?? 0),
  merge: (one: number, other: number) => one + other,
};

const sessionsOf = (emits: Emits) => (state: ProcessorState) => {
  // Updates do not merge a session that ends exactly at the edge of retention: that is beyond what is asked here.
  const windows = session(5, { graceMs, retentionMs: emits === 'final' ? 5 : 20 });
  return whole(new SessionAggregate<number, number>(state, { windows, fold: sums, emits }));
};

const gridOf =
  (windows: Parameters<typeof aggregateIn>[1]['windows'], emits: Emits) => (state: ProcessorState) =>
    whole(aggregateIn(state, { windows, fold: summing, emits }));

function whole(processor: ReturnType<typeof aggregateIn<number, number>>): Machine {
  return {
    take: ({ key, value, timestamp }, output) => processor.take(key, value, timestamp, output),
    close(output) {
      while (processor.close(3, output));
    },
  };
}

/** A tumbling count's updates by way of a suppress. */
const suppressedBy =
  (make: (state: ProcessorState) => SuppressUntilWindowCloses<number> | SuppressUntilTimeLimit<number>) =>
  (state: ProcessorState): Machine => {
    const windows = tumbling(10, { graceMs });
    const processor = aggregateIn(state, { windows, fold: summing, emits: 'updates' });
    const suppress = make(state);
    const into = (output: ProcessorOutput<number>): ProcessorOutput<number> => ({
      result(key, window, value, timestamp) {
        if (window !== undefined) suppress.take(key, window, value, timestamp, output);
      },
      notTaken: (...why) => output.notTaken(...why),
    });
    return {
      take: ({ key, value, timestamp }, output) => processor.take(key, value, timestamp, into(output)),
      close(output) {
        while (processor.close(3, into(output)));
        while (suppress.close(3, output));
      },
    };
  };

function cogrouped(state: ProcessorState): Machine {
  const windows = tumbling(10, { graceMs });
  const cogroup = cogroupWindows(state, { windows, folds: [summing, summing], emits: 'updates' });
  return {
    take: ({ key, value, timestamp }, output) => cogroup.take(value % 2, key, value, timestamp, output),
    close(output) {
      while (cogroup.close(3, output));
    },
  };
}

// More than by default, at whose edge a window is not seen that the next record of its key may need: see sliding-edge.spec.ts.
const slidingBy7 = sliding(7, { graceMs, retentionMs: 30 });

const machines: readonly [string, (state: ProcessorState) => Machine][] = [
  ['tumbling, final', gridOf(tumbling(10, { graceMs }), 'final')],
  ['hopping, updates', gridOf(hopping(10, { advanceMs: 4, graceMs }), 'updates')],
  ['sliding, final', gridOf(slidingBy7, 'final')],
  ['sliding, updates', gridOf(slidingBy7, 'updates')],
  ['sessions, final', sessionsOf('final')],
  ['sessions, updates', sessionsOf('updates')],
  [
    'suppress until windows close',
    suppressedBy(state => new SuppressUntilWindowCloses(state, tumbling(10, { graceMs }))),
  ],
  [
    'suppress for a time',
    suppressedBy(
      state => new SuppressUntilTimeLimit(state, { kind: 'window', limitMs: 5, maxRecords: undefined }),
    ),
  ],
  ['cogroup', cogrouped],
];

/** @param bound what holds stream time while a record is taken; all is let go of in the end */
function run(
  make: (state: ProcessorState) => Machine,
  inputs: readonly (Input & { readonly bound: number })[],
): {
  readonly results: Readonly<Record<string, number>>;
  /** How many results there were. */
  readonly count: number;
  readonly notTaken: readonly string[];
} {
  let bound = Number.NEGATIVE_INFINITY;
  const timeBound: TimeBound = () => bound;
  const machine = make(Object.assign(new PlainState(), { timeBound }));
  const results = new Map<string, number>();
  const notTaken: string[] = [];
  let count = 0;
  const output: ProcessorOutput<number> = {
    result(key, window, value) {
      count++;
      const at = `${key}@${window?.start}-${window?.end}`;
      if (value === null) results.delete(at);
      else results.set(at, value);
    },
    notTaken: why => notTaken.push(why),
  };
  for (const input of inputs) {
    bound = input.bound;
    machine.take(input, output);
    machine.close(output);
  }
  bound = Number.POSITIVE_INFINITY;
  machine.close(output);
  return { results: Object.fromEntries([...results].sort()), count, notTaken };
}

const writer = fc
  .array(
    fc.record({
      key: fc.constantFrom('a', 'b'),
      value: fc.integer({ min: 1, max: 1_000 }),
      // Far more than any segment of a store.
      timestamp: fc.oneof(fc.nat(60), fc.nat(1_000_000)),
    }),
    { minLength: 1, maxLength: 15 },
  )
  .map(records => [...records].sort((one, other) => one.timestamp - other.timestamp));

test.each(machines)('%s', (name, make) => {
  const isFinal = /final|windows close/.test(name);
  fc.assert(
    fc.property(writer, writer, (ahead, behind) => {
      // Of the one that is behind nothing is known until its first record has come.
      const heldAt = (i: number): number => behind[i - 1]?.timestamp ?? Number.NEGATIVE_INFINITY;
      const last = { key: 'z', value: 1, timestamp: 10_000_000 };
      const held = run(make, [
        ...[...ahead, last].map(input => ({ ...input, bound: Number.NEGATIVE_INFINITY })),
        ...behind.map((input, i) => ({ ...input, bound: heldAt(i) })),
      ]);
      const inOrder = [...ahead, ...behind].sort((one, other) => one.timestamp - other.timestamp);
      const due = run(
        make,
        [...inOrder, last].map(input => ({ ...input, bound: Number.POSITIVE_INFINITY })),
      );
      expect([held.results, held.notTaken]).toEqual([due.results, []]);
      if (isFinal) expect(held.count).toBe(Object.keys(held.results).length);
      expect(due.notTaken).toEqual([]);
    }),
  );
});
