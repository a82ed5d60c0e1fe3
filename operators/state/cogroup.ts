import type { Observable, Observer } from 'rxjs';
import { call, having, kind, list, required } from '../../lib/base/option-kinds.js';
import { checkArgument, checkOptions, type Fields } from '../../lib/base/option-schema.js';
import type { Windowed } from '../../lib/codecs/windowed.js';
import { type OperatorOptions, operatorOptions } from '../../lib/errors/policies/process-failed.js';
import type { KafkaRecord } from '../../lib/record/record.js';
import type { AggregateContext } from '../../lib/state/aggregates/aggregate.js';
import {
  type Cogroup,
  cogroupKeyed,
  cogroupSessions,
  cogroupWindows,
} from '../../lib/state/processors/cogroup.js';
import { aggregating, type Fold } from '../../lib/state/processors/fold.js';
import type { Processor, ProcessorState } from '../../lib/state/processors/processor.js';
import type { State } from '../../lib/state/state.js';
import type { SessionWindows } from '../../lib/time/session.js';
import type { UnlimitedWindows } from '../../lib/time/unlimited.js';
import type { GridWindows } from '../../lib/time/windows.js';
import { type CloseWhenIdleOptions, closeWhenIdle, closeWhenIdleKind } from './close-when-idle.js';
import { type Emit, emitKind, emitOf, emitsOf, type FinalOptions, holding, keptFor } from './emit.js';
import { handleOf } from './handle-of.js';
import { stateStream } from './state-operator.js';
import type { Current } from './state-operator-parts.js';
import { withoutMerge } from './without-merge.js';

/** A stream, and how its values are added. @category State @since 0.2.0 */
export type CogroupSide<K, A, V, B extends A | null = A> = readonly [
  stream$: Observable<KafkaRecord<K, V>>,
  /** @returns null: the key is deleted, and the next value of whichever stream begins anew */
  add: (aggregate: A, value: V, context: AggregateContext<K>) => B,
];

/** @category State @since 0.2.0 */
export interface CogroupOptions<K, V, A, R = A> extends OperatorOptions, CloseWhenIdleOptions {
  /** What nothing has been added to. */
  readonly initial: () => A;
  /** What is handed on. Default: the aggregate itself. */
  readonly result?: ((aggregate: A) => R) | undefined;
  /** Of two that meet: sessions need it. What is given first is the earlier; the context is of the record by which they do. */
  readonly merge?: ((a: A, b: A, context: AggregateContext<K>) => A) | undefined;
  /** When results are handed on: see {@link Emit}. Default `'updates'`. */
  readonly emit?: Emit | undefined;
  /** Hears the records that are not taken, or not into all of their windows, since they came too late. Default: nobody; they are counted. */
  readonly late?: Observer<KafkaRecord<K, V>> | undefined;
}

const cogroupOptions: Fields<CogroupOptions<unknown, unknown, unknown> & { readonly window?: unknown }> = {
  ...operatorOptions,
  initial: required(call),
  result: call,
  merge: call,
  emit: emitKind,
  closeWhenIdleMs: closeWhenIdleKind,
  late: having('an Observer, such as app.to(…)', 'next'),
  window: kind(
    'tumbling, hopping, calendar or unlimited windows, or sessions',
    value => typeof value === 'object' && value !== null && 'kind' in value && kinds.has(value.kind),
  ),
};

const kinds: ReadonlySet<unknown> = new Set(['tumbling', 'hopping', 'calendar', 'unlimited', 'session']);

const sidesKind = required(
  list(
    kind(
      'a pair: [stream$, add]',
      one => Array.isArray(one) && one.length === 2 && typeof one[1] === 'function',
    ),
    1,
  ),
);

/** Of each stream its values are inferred, so `B` cannot be: an overload tells whether any of the functions deletes. */
type Sides<K, A, VS extends readonly unknown[], B extends A | null> = {
  readonly [I in keyof VS]: CogroupSide<K, A, VS[I], B>;
};

/**
 * Makes one value of all records of a key in several streams, or of each of its windows, each stream by a function of its own.
 *
 * ```
 * orders   --a5-------a1----------|
 * visits   ------a.-------b.------|
 * cogroup(customers, [[orders$, (sum, price) => …], [visits$, …]], { initial })
 * result   --a5--a5'--a6'--b0'----|
 * ```
 *
 * The streams' topics have to have as many partitions, and to be written by the same key: a task reads them by time, the oldest first. As in
 * {@link aggregate} a null key is passed over, and without windows a null value. In windows with `'updates'` each stream has its own stream time, by which
 * its records are late; `'final'` goes by the largest of all, since a window is closed once. Completes when all streams have.
 *
 * @param state of `app.state`, written by this operator alone
 * @throws `TOPOLOGY` where another operator writes the state, or a stream is none of the app's
 * @example
 * ```ts
 * const Customer = t.strict({ spent: t.number, paid: t.number }, 'Customer');
 * const customers = app.state('customers', { key: string, value: json(Customer) });
 * cogroup(
 *   customers,
 *   [
 *     [orders$, (customer, order) => ({ ...customer, spent: customer.spent + order.total })],
 *     [prices$, (customer, { amount }) => ({ ...customer, paid: customer.paid + amount })],
 *   ],
 *   { initial: () => ({ spent: 0, paid: 0 }) },
 * ).subscribe(app.to('customers', { value: json(Customer) }));
 * ```
 * @category State @since 0.2.0
 */
export function cogroup<K, A, const VS extends readonly unknown[], R = A>(
  state: State<K, A>,
  sides: Sides<K, A, VS, A>,
  options: CogroupOptions<K, VS[number], A, R> & { readonly window?: undefined },
): Observable<KafkaRecord<K, R>>;
export function cogroup<K, A, const VS extends readonly unknown[], R = A>(
  state: State<K, A>,
  sides: Sides<K, A, VS, A>,
  options: CogroupOptions<K, VS[number], A, R> & { readonly window: GridWindows },
): Observable<KafkaRecord<Windowed<K>, R>>;
/** Final results are no deletions. */
export function cogroup<K, A, const VS extends readonly unknown[], R = A>(
  state: State<K, A>,
  sides: Sides<K, A, VS, A | null>,
  options: CogroupOptions<K, VS[number], A, R> &
    FinalOptions<Exclude<GridWindows, UnlimitedWindows> | SessionWindows>,
): Observable<KafkaRecord<Windowed<K>, R>>;
/** A function that gives null deletes, which is handed on. */
export function cogroup<K, A, const VS extends readonly unknown[], R = A>(
  state: State<K, A>,
  sides: Sides<K, A, VS, A | null>,
  options: CogroupOptions<K, VS[number], A, R> & { readonly window?: undefined },
): Observable<KafkaRecord<K, R | null>>;
/** A function that gives null deletes, which is handed on. */
export function cogroup<K, A, const VS extends readonly unknown[], R = A>(
  state: State<K, A>,
  sides: Sides<K, A, VS, A | null>,
  options: CogroupOptions<K, VS[number], A, R> & { readonly window: GridWindows },
): Observable<KafkaRecord<Windowed<K>, R | null>>;
/** Of sessions a record may make one of several: then null is handed on for each of those, before what they have become. */
export function cogroup<K, A, const VS extends readonly unknown[], R = A>(
  state: State<K, A>,
  sides: Sides<K, A, VS, A | null>,
  options: CogroupOptions<K, VS[number], A, R> & { readonly window: SessionWindows },
): Observable<KafkaRecord<Windowed<K>, R | null>>;
export function cogroup<K, A, R>(
  state: State<K, A>,
  sides: readonly CogroupSide<K, A, unknown, A | null>[],
  options: CogroupOptions<K, unknown, A, R> & { readonly window?: GridWindows | SessionWindows | undefined },
): Observable<KafkaRecord<K | Windowed<K>, R | null>> {
  const handle = handleOf('cogroup', state);
  checkArgument('cogroup', 'the streams', sidesKind, sides);
  checkOptions('cogroup', cogroupOptions, options);
  const { name, onError, late, window, result, merge } = options;
  const emit = emitOf('cogroup', options);
  if (window?.kind === 'session' && merge === undefined) throw withoutMerge('cogroup');
  const adds = sides.map(([, add]) => add);
  return stateStream<K, unknown, A, K | Windowed<K>, R | null>(
    {
      name: name ?? `cogroup(${state.name})`,
      onError,
      state: handle,
      late,
      closeWhenIdleMs: closeWhenIdle('cogroup', options, { window, emit }),
      writer: keptFor(window, emit),
      processor: (tables, current, turns) =>
        holding(kept => ofSides(processorOf(kept, current, adds, options), current), {
          emit,
          window,
          state: tables,
          turns,
        }),

      plainKey: key => key,
      keyOf: (key, at) => (at === undefined ? key : { key, start: at.start, end: at.end }),
      // Without a function for it a result is the aggregate.
      resultOf: value => (value === null || result === undefined ? (value as R | null) : result(value)),
    },
    sides.map(([stream]) => stream),
  );
}

/** As one, whose records are of the stream that is taken just now. */
function ofSides<K, A>(cogrouped: Cogroup<unknown, A>, current: Current<K, unknown>): Processor<unknown, A> {
  return {
    take: (key, value, timestamp, output) => cogrouped.take(current.side, key, value, timestamp, output),
    close: (limit, output) => cogrouped.close(limit, output),
    get streamTime() {
      return cogrouped.streamTime;
    },
    closesAt: () => cogrouped.closesAt(),
    passTo: time => cogrouped.passTo(time),
    get mayRise() {
      return cogrouped.mayRise;
    },
    reset: () => cogrouped.reset(),
  };
}

function processorOf<K, A>(
  state: ProcessorState,
  current: Current<K, unknown>,
  adds: readonly CogroupSide<K, A, unknown, A | null>[1][],
  options: Pick<CogroupOptions<K, unknown, A>, 'initial' | 'merge' | 'emit'> & {
    readonly window?: GridWindows | SessionWindows | undefined;
  },
): Cogroup<unknown, A> {
  const { initial, merge, window: windows, emit = 'updates' } = options;
  const emits = emitsOf(emit);
  const folds: readonly Fold<unknown, A>[] = adds.map(add =>
    aggregating({ initial, add: (aggregate, value) => add(aggregate, value, current.record) }),
  );
  if (windows === undefined) return cogroupKeyed(state, folds);
  if (windows.kind !== 'session') return cogroupWindows(state, { windows, folds, emits });
  const merging = (a: A, b: A): A => (merge ?? noMerge)(a, b, current.record);
  const [first, ...others] = folds.map(add => ({ initial, add, merge: merging }));
  if (first === undefined) throw new Error('there is a stream at least');
  return cogroupSessions(state, { windows, folds: [first, ...others], emits });
}

/** Asked for before. */
function noMerge(): never {
  throw withoutMerge('cogroup');
}
