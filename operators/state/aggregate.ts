import type { Observer, OperatorFunction } from 'rxjs';
import { call, having, required } from '../../lib/base/option-kinds.js';
import { checkOptions, type Fields } from '../../lib/base/option-schema.js';
import { type Codec, codecKind } from '../../lib/codecs/codec.js';
import type { Windowed } from '../../lib/codecs/windowed.js';
import { type OperatorOptions, operatorOptions } from '../../lib/errors/policies/process-failed.js';
import type { KafkaRecord } from '../../lib/record/record.js';
import type { AggregateContext } from '../../lib/state/aggregates/aggregate.js';
import { aggregating } from '../../lib/state/processors/fold.js';
import { KeyedAggregate } from '../../lib/state/processors/keyed-aggregate.js';
import type { Processor, ProcessorState } from '../../lib/state/processors/processor.js';
import { SessionAggregate } from '../../lib/state/processors/session-aggregate.js';
import { SlidingAggregate } from '../../lib/state/processors/sliding-aggregate.js';
import type { ClosingWindows } from '../../lib/state/processors/suppress-until-window-closes.js';
import { type Emits, WindowedAggregate } from '../../lib/state/processors/windowed-aggregate.js';
import type { State } from '../../lib/state/state.js';
import type { SessionWindows } from '../../lib/time/session.js';
import type { Windows } from '../../lib/time/windows.js';
import { type CloseWhenIdleOptions, closeWhenIdle, closeWhenIdleKind } from './close-when-idle.js';
import { type Emit, emitKind, emitOf, emitsOf, type FinalOptions, holding, keptFor } from './emit.js';
import { handleOf } from './handle-of.js';
import { stateOperator } from './state-operator.js';
import { withoutMerge } from './without-merge.js';

/** @category State @since 0.2.0 */
export interface AggregateOptions<K, V, A, R = A, B extends A | null = A>
  extends OperatorOptions,
    CloseWhenIdleOptions {
  /** What nothing has been added to. */
  readonly initial: () => A;
  /** @returns null: the key is deleted, and the next value begins anew. It is a new value: the one given is not to be changed. */
  readonly add: (aggregate: A, value: V, context: AggregateContext<K>) => B;
  /** What is handed on. Default: the aggregate itself. */
  readonly result?: ((aggregate: A) => R) | undefined;
  /** Of two that meet: sessions need it. What is given first is the earlier; the context is of the record by which they do. */
  readonly merge?: ((a: A, b: A, context: AggregateContext<K>) => A) | undefined;
  /** Of an aggregate of ours, which says how it is kept: given to `app.state` as `value`, and not looked at here. */
  readonly codec?: Codec<A> | undefined;
  /** When results are handed on: see {@link Emit}. Default `'updates'`. */
  readonly emit?: Emit | undefined;
  /** Hears the records that are not taken, or not into all of their windows, since they came too late. Default: nobody; they are counted. */
  readonly late?: Observer<KafkaRecord<K, V>> | undefined;
}

const aggregateOptions: Fields<AggregateOptions<unknown, unknown, unknown>> = {
  ...operatorOptions,
  initial: required(call),
  add: required(call),
  result: call,
  merge: call,
  codec: codecKind,
  emit: emitKind,
  closeWhenIdleMs: closeWhenIdleKind,
  late: having('an Observer, such as app.to(…)', 'next'),
};

/**
 * Makes one value of all records of a key, or of each of its windows, and keeps it.
 *
 * ```
 * source   --a1--b2--a3--|            (key and value)
 * aggregate(sums, { initial: () => 0, add: (sum, n) => sum + n })
 * result   --a1--b2--a4--|
 * ```
 *
 * Records are put together by key within their task: those of one key have to be in one partition, where they are if they were written with that key,
 * or by `repartition`. A null key, or without windows a null value, is passed over and counted. The result's timestamp is that of the newest record
 * in it. It is exact under every guarantee: what comes again after a crash counts once.
 *
 * @param state of `app.state`, written by this operator alone
 * @throws `TOPOLOGY` where another operator writes the state, or the stream is none of the app's
 * @example
 * ```ts
 * const turnover = sum(({ price }: { price: number }) => price);
 * const totals = app.state('totals', { key: string, value: turnover.codec });
 * masked$.pipe(aggregate(totals, { ...turnover, window: tumbling(60_000, { graceMs: 10_000 }), emit: 'final' }));
 * ```
 * @category State @since 0.2.0
 */
export function aggregate<K, V, A, R = A, B extends A | null = A>(
  state: State<K, A>,
  options: AggregateOptions<K, V, A, R, B> & { readonly window?: undefined },
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K, R | Extract<B, null>>>;
/** Final results are no deletions. */
export function aggregate<K, V, A, R = A, B extends A | null = A>(
  state: State<K, A>,
  options: AggregateOptions<K, V, A, R, B> & FinalOptions<ClosingWindows>,
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<Windowed<K>, R>>;
export function aggregate<K, V, A, R = A, B extends A | null = A>(
  state: State<K, A>,
  options: AggregateOptions<K, V, A, R, B> & { readonly window: Exclude<Windows, SessionWindows> },
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<Windowed<K>, R | Extract<B, null>>>;
/** Of sessions a record may make one of several: then null is handed on for each of those, before what they have become. */
export function aggregate<K, V, A, R = A, B extends A | null = A>(
  state: State<K, A>,
  options: AggregateOptions<K, V, A, R, B> & { readonly window: SessionWindows },
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<Windowed<K>, R | null>>;
export function aggregate<K, V, A, R = A, B extends A | null = A>(
  state: State<K, A>,
  options: AggregateOptions<K, V, A, R, B> & { readonly window?: Windows | undefined },
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K | Windowed<K>, R | Extract<B, null>>> {
  return aggregateAs('aggregate', state, options);
}

/** @param operator as its user calls it, in errors and for its name */
export function aggregateAs<K, V, A, R, B extends A | null>(
  operator: string,
  state: State<K, A>,
  options: AggregateOptions<K, V, A, R, B> & { readonly window?: Windows | undefined },
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K | Windowed<K>, R | Extract<B, null>>> {
  const handle = handleOf(operator, state);
  checkOptions(operator, { ...aggregateOptions, window: windowKind }, options);
  const { name, onError, late, window, result, merge } = options;
  const emit = emitOf(operator, options);
  if (window?.kind === 'session' && merge === undefined) throw withoutMerge(operator);
  return stateOperator<K, V, A, K | Windowed<K>, R | Extract<B, null>>({
    name: name ?? `${operator}(${state.name})`,
    onError,
    state: handle,
    late,
    closeWhenIdleMs: closeWhenIdle(operator, options, { window, emit }),
    writer: keptFor(window, emit),
    processor: (tables, current, turns) =>
      holding(kept => processorOf(kept, current, options, window, emitsOf(emit)), {
        emit,
        window,
        state: tables,
        turns,
      }),
    plainKey: key => key,
    keyOf: (key, at) => (at === undefined ? key : { key, start: at.start, end: at.end }),
    resultOf: (value => (value === null || result === undefined ? value : result(value))) as (
      aggregate: A | null,
    ) => R | Extract<B, null>,
  });
}

const windowKind = having('windows, such as tumbling(60_000, { graceMs: 0 })');

function processorOf<K, V, A, R, B extends A | null>(
  state: ProcessorState,
  current: { readonly record: AggregateContext<K> },
  { initial, add, merge }: AggregateOptions<K, V, A, R, B>,
  windows: Windows | undefined,
  emits: Emits,
): Processor<V, A> {
  const fold = aggregating<V, A>({
    initial,
    add: (aggregate, value) => add(aggregate, value, current.record),
  });
  if (windows === undefined) return new KeyedAggregate(state, fold);
  if (windows.kind === 'sliding') return new SlidingAggregate(state, { windows, fold, emits });
  const ofAny = (one: A | undefined, value: V | null, key: string): A | null => fold(one, value as V, key);
  if (windows.kind === 'session') {
    const merging = (a: A, b: A): A => (merge ?? noMerge)(a, b, current.record);
    return new SessionAggregate<V, A>(state, {
      windows,
      fold: { initial, add: ofAny, merge: merging },
      emits,
    });
  }
  return new WindowedAggregate<V, A>(state, { windows, fold: ofAny, emits });
}

/** Asked for before. */
function noMerge(): never {
  throw withoutMerge('aggregate');
}
