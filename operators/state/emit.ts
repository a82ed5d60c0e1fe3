import { either, oneOf, required, shape, whole } from '../../lib/base/option-kinds.js';
import type { Kind } from '../../lib/base/option-schema.js';
import { KafkaRxError } from '../../lib/errors/errors.js';
import { keptHeld } from '../../lib/state/layouts.js';
import { HeldFor } from '../../lib/state/processors/held-for.js';
import { HeldUntilCommit } from '../../lib/state/processors/held-until-commit.js';
import type { Processor, ProcessorState } from '../../lib/state/processors/processor.js';
import { WholeState } from '../../lib/state/processors/whole-state.js';
import type { Emits } from '../../lib/state/processors/windowed-aggregate.js';
import type { StateWriter } from '../../lib/state/state.js';
import type { KeyKind } from '../../lib/state/windowed-key.js';
import type { Windows } from '../../lib/time/windows.js';
import { keptIn } from './kept-in.js';
import type { TimerTurns } from './state-operator-parts.js';

/**
 * When results are handed on. `'updates'`: each change. `'commit'`: at each commit of the task the last of each key and window that has changed since the
 * one before, in the order of their last changes; it is part of that commit. `{ everyMs }`: of each key and window at most one in so many milliseconds
 * (whole, from 1 up) of the app's clock, which is the last; it is kept until then, over restarts, and after a start waits until the inputs are caught up.
 * `'final'`: each window once, when it is closed.
 *
 * What came and went between two results, as a session that was merged at once, is not told with `'commit'` and `{ everyMs }`.
 *
 * @category State @since 0.2.0
 */
export type Emit = 'updates' | 'commit' | 'final' | { readonly everyMs: number };

/** Options whose results come when their windows close. @category State @since 0.2.0 */
export interface FinalOptions<W> {
  readonly window: W;
  readonly emit: 'final';
}

export const emitKind: Kind = either(
  oneOf('updates', 'commit', 'final'),
  shape({ everyMs: required(whole(1)) }),
);

/**
 * @returns as given, or the default
 * @throws `CONFIGURATION` for final results where nothing ends: each change would come, or nothing ever
 */
export function emitOf(
  operator: string,
  { emit = 'updates', window }: { readonly emit?: Emit | undefined; readonly window?: Windows | undefined },
): Emit {
  if (emit !== 'final' || (window !== undefined && window.kind !== 'unlimited')) return emit;
  throw new KafkaRxError(
    'CONFIGURATION',
    `${operator}: emit 'final' is of windows that close, and ${window === undefined ? 'without a window' : 'in unlimited windows'} nothing does`,
    {
      remedy:
        "Give it a window, such as tumbling(60_000, { graceMs: 0 }); or emit 'updates', 'commit' or { everyMs }",
    },
  );
}

/** What an aggregate emits: the rest is held back behind it. */
export function emitsOf(emit: Emit): Emits {
  return emit === 'final' ? 'final' : 'updates';
}

/** How an aggregate in these windows is kept, with what is held back of it. */
export function keptFor(window: Windows | undefined, emit: Emit): Omit<StateWriter, 'node'> {
  const kept = keptIn(window);
  return typeof emit === 'object' ? { ...keptHeld(kept), hearsEnds: true } : kept;
}

export interface Holding {
  readonly emit: Emit;
  readonly window: Windows | undefined;
  readonly state: ProcessorState;
  readonly turns: Pick<TimerTurns, 'now' | 'alarm'>;
}

/**
 * A processor, its updates held back where that is asked for.
 *
 * @param make given the state that it is to keep
 */
export function holding<V, A>(
  make: (state: ProcessorState) => Processor<V, A>,
  { emit, window, state, turns: { now, alarm } }: Holding,
): Processor<V, A> {
  if (emit === 'commit') return new HeldUntilCommit(make(state));
  if (typeof emit !== 'object') return make(state);
  const whole = new WholeState(state);
  return new HeldFor(make(whole), whole, { kind: kindOf(window), everyMs: emit.everyMs, now, alarm });
}

function kindOf(window: Windows | undefined): KeyKind {
  if (window === undefined) return 'plain';
  return window.kind === 'session' ? 'session' : 'window';
}
