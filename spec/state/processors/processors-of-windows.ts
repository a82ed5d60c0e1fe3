import fc from 'fast-check';
import { type Fold, reducing } from '../../../lib/state/processors/fold.js';
import type { Processor, ProcessorState } from '../../../lib/state/processors/processor.js';
import { SlidingAggregate } from '../../../lib/state/processors/sliding-aggregate.js';
import { type Emits, WindowedAggregate } from '../../../lib/state/processors/windowed-aggregate.js';
import { hopping } from '../../../lib/time/hopping.js';
import { type SlidingWindows, sliding } from '../../../lib/time/sliding.js';
import { tumbling } from '../../../lib/time/tumbling.js';
import type { GridWindows } from '../../../lib/time/windows.js';

export interface Input {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
}

export type Some = GridWindows | SlidingWindows;

/** Whatever the order, the same. */
const summing = reducing((old: number, value: number) => old + value);

export function processorOf(state: ProcessorState, windows: Some, emits: Emits): Processor<number, number> {
  // Sums are given no null.
  return aggregateIn(state, { windows, fold: summing as Fold<number | null, number>, emits });
}

/** An aggregate in windows of either kind. */
export function aggregateIn<V, A>(
  state: ProcessorState,
  { windows, ...options }: { windows: Some; fold: Fold<V | null, A>; emits: Emits },
): Processor<V, A> {
  return windows.kind === 'sliding'
    ? new SlidingAggregate(state, { windows, ...options })
    : new WindowedAggregate(state, { windows, ...options });
}

export const inputs = (latest: number): fc.Arbitrary<Input[]> =>
  fc.array(
    fc.record({
      // One begins with another, and goes on as the start of a window may.
      key: fc.constantFrom('a', 'b', 'a\0', 'a\0\0\0\0\0\0\0\0', ''),
      value: fc.integer({ min: 1, max: 1_000_000 }),
      timestamp: fc.integer({ min: 0, max: latest }),
    }),
    { maxLength: 40 },
  );

/** @param graceMs of all of them */
export const someWindows = (graceMs: number, retainedMs = 0): fc.Arbitrary<Some> =>
  fc.oneof(
    fc
      .integer({ min: 1, max: 30 })
      .map(size => tumbling(size, { graceMs, retentionMs: size + graceMs + retainedMs })),
    fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 })).map(([one, other]) => {
      const size = Math.max(one, other);
      return hopping(size, {
        advanceMs: Math.min(one, other),
        graceMs,
        retentionMs: size + graceMs + retainedMs,
      });
    }),
    fc
      .integer({ min: 0, max: 30 })
      .map(difference =>
        sliding(difference, { graceMs, retentionMs: 2 * difference + graceMs + retainedMs }),
      ),
  );
