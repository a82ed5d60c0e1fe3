import type { SessionWindows } from '../../time/session.js';
import { gridOf, longestOf } from '../../time/window-grid.js';
import type { GridWindows } from '../../time/windows.js';
import type { Fold } from './fold.js';
import { HidingRows } from './hiding-rows.js';
import { KeyedAggregate } from './keyed-aggregate.js';
import type { Processor, ProcessorOutput, ProcessorState } from './processor.js';
import { SessionAggregate, type SessionFold } from './session-aggregate.js';
import { Sessions } from './sessions.js';
import { SideState } from './side-state.js';
import { type Emits, WindowedAggregate } from './windowed-aggregate.js';

/** What is taken just now. */
class Taken<A> {
  side = 0;
  output: ProcessorOutput<A> | undefined;
}

/**
 * Several streams that aggregate into the same rows, each by a fold of its own.
 *
 * Updates: each side has its own stream time, by which its records are late (as in Kafka Streams): one that is behind is taken for longer, and where
 * rows are hidden by the time of the other it begins anew. Final results: one stream time, the largest of all, since a window is closed once.
 */
export class Cogroup<V, A> {
  readonly #sides: readonly Processor<V, A>[];
  readonly #different: readonly Processor<V, A>[];
  readonly #taken: Taken<A>;

  /** @param sides over the same tables; the same processor for all where they have no time of their own */
  constructor(sides: readonly Processor<V, A>[], taken = new Taken<A>()) {
    this.#sides = sides;
    this.#different = [...new Set(sides)];
    this.#taken = taken;
  }

  /** @param side from 0 up, in the order of the folds */
  take(
    side: number,
    key: string | undefined,
    value: V | null,
    timestamp: number,
    output: ProcessorOutput<A>,
  ): void {
    this.#taken.side = side;
    this.#taken.output = output;
    this.#sides[side]?.take(key, value, timestamp, output);
  }

  close(limit: number, output: ProcessorOutput<A>): boolean {
    let isMore = false;
    for (const side of this.#different) isMore = side.close(limit, output) || isMore;
    return isMore;
  }

  /** Undefined: each side has its own, and nothing waits for it. */
  get #final(): Processor<V, A> | undefined {
    return this.#different.length === 1 ? this.#different[0] : undefined;
  }

  get streamTime(): number {
    return this.#final?.streamTime ?? -1;
  }

  closesAt(): number | undefined {
    return this.#final?.closesAt?.();
  }

  passTo(time: number): void {
    this.#final?.passTo?.(time);
  }

  get mayRise(): boolean {
    return this.#different.some(side => side.mayRise === true);
  }

  reset(): void {
    for (const side of this.#different) side.reset();
  }
}

/** For all time. */
export function cogroupKeyed<V, A>(state: ProcessorState, folds: readonly Fold<V, A>[]): Cogroup<V, A> {
  return new Cogroup(folds.map(fold => new KeyedAggregate(state, fold)));
}

/** In windows of a grid. */
export function cogroupWindows<V, A>(
  state: ProcessorState,
  { windows, folds, emits }: { windows: GridWindows; folds: readonly Fold<V | null, A>[]; emits: Emits },
): Cogroup<V, A> {
  if (emits === 'final' || windows.kind === 'unlimited')
    return atOneTime(folds, fold => new WindowedAggregate(state, { windows, fold, emits }));
  const { retentionMs } = windows;
  const grid = gridOf(windows);
  // Hidden first and gone later: neither side removes what the other still sees.
  const kept = { ...windows, retentionMs: retentionMs + 2 * longestOf(windows) };
  const taken = new Taken<A>();
  const expired = (start: number) => taken.output?.notTaken('expired', { start, end: grid.end(start) });
  const sides = folds.map((fold, side) => {
    const own = new SideState(
      state,
      `side-${side}`,
      rows => new HidingRows(rows, state, { retentionMs, expired }),
    );
    return new WindowedAggregate(own, { windows: kept, fold, emits });
  });
  return new Cogroup(sides, taken);
}

/** In sessions; merged as the first of the folds says. */
export function cogroupSessions<V, A>(
  state: ProcessorState,
  {
    windows,
    folds,
    emits,
  }: { windows: SessionWindows; folds: readonly [SessionFold<V, A>, ...SessionFold<V, A>[]]; emits: Emits },
): Cogroup<V, A> {
  const adds = folds.map(({ add }) => add);
  if (emits === 'final')
    return atOneTime(
      adds,
      add => new SessionAggregate(state, { windows, fold: { ...folds[0], add }, emits }),
    );
  const sessions = new Sessions<A>(state, { ...windows, final: false });
  const sides = adds.map((add, side) => {
    const own = new SideState(state, `side-${side}`);
    return new SessionAggregate(own, { windows, fold: { ...folds[0], add }, emits }, sessions);
  });
  return new Cogroup(sides);
}

/** One processor for all sides, which folds each record as its side does. */
function atOneTime<V, A>(
  folds: readonly Fold<V | null, A>[],
  make: (fold: Fold<V | null, A>) => Processor<V, A>,
): Cogroup<V, A> {
  const taken = new Taken<A>();
  const one = make((aggregate, value, key) => {
    // Each side has its fold.
    const fold = folds[taken.side] as Fold<V | null, A>;
    return fold(aggregate, value, key);
  });
  return new Cogroup(
    folds.map(() => one),
    taken,
  );
}
