import type { OperatorFunction } from 'rxjs';
import { call, required } from '../../lib/base/option-kinds.js';
import { checkArgument } from '../../lib/base/option-schema.js';
import type { Windowed } from '../../lib/codecs/windowed.js';
import type { KafkaRecord } from '../../lib/record/record.js';
import type { AggregateContext } from '../../lib/state/aggregates/aggregate.js';
import type { ClosingWindows } from '../../lib/state/processors/suppress-until-window-closes.js';
import type { State } from '../../lib/state/state.js';
import type { SessionWindows } from '../../lib/time/session.js';
import type { Windows } from '../../lib/time/windows.js';
import { type AggregateOptions, aggregateAs } from './aggregate.js';
import type { FinalOptions } from './emit.js';

/** @category State @since 0.2.0 */
export type ReduceOptions<K, V> = Pick<
  AggregateOptions<K, V, V>,
  'name' | 'onError' | 'emit' | 'late' | 'closeWhenIdleMs'
>;

/**
 * Makes one value of all values of a key, or of each of its windows, two at a time; the first stays as it is: {@link aggregate} without an
 * initial value.
 *
 * ```
 * source   --a1--b2--a3--|            (key and value)
 * reduce(sums, (sum, n) => sum + n)
 * result   --a1--b2--a4--|
 * ```
 *
 * @param reduce gives null to delete the key
 * @category State @since 0.2.0
 */
export function reduce<K, V, B extends V | null = V>(
  state: State<K, V>,
  reduce: (reduced: V, value: V, context: AggregateContext<K>) => B,
  options?: ReduceOptions<K, V> & { readonly window?: undefined },
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K, V | Extract<B, null>>>;
/** Final results are no deletions. */
export function reduce<K, V, B extends V | null = V>(
  state: State<K, V>,
  reduce: (reduced: V, value: V, context: AggregateContext<K>) => B,
  options: ReduceOptions<K, V> & FinalOptions<ClosingWindows>,
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<Windowed<K>, V>>;
export function reduce<K, V, B extends V | null = V>(
  state: State<K, V>,
  reduce: (reduced: V, value: V, context: AggregateContext<K>) => B,
  options: ReduceOptions<K, V> & { readonly window: Exclude<Windows, SessionWindows> },
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<Windowed<K>, V | Extract<B, null>>>;
/** Of sessions: two that become one are reduced as two values are; see {@link aggregate}. */
export function reduce<K, V, B extends V | null = V>(
  state: State<K, V>,
  reduce: (reduced: V, value: V, context: AggregateContext<K>) => B,
  options: ReduceOptions<K, V> & { readonly window: SessionWindows },
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<Windowed<K>, V | null>>;
export function reduce<K, V, B extends V | null = V>(
  state: State<K, V>,
  reduce: (reduced: V, value: V, context: AggregateContext<K>) => B,
  options: ReduceOptions<K, V> & { readonly window?: Windows | undefined } = {},
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K | Windowed<K>, V | null>> {
  checkArgument('reduce', 'the function', required(call), reduce);
  return aggregateAs<K, V, V, V, V | null>('reduce', state, {
    ...options,
    // Of a key that has nothing yet: the first value is taken as it is.
    initial: () => nothing as V,
    add: (reduced, value, context) => (reduced === nothing ? value : reduce(reduced, value, context)),
    // Null is heard too: what two sessions were deletes what they become.
    merge: (a, b, context) => (a === nothing ? b : (reduce(a, b, context) as V)),
  });
}

const nothing: unknown = Symbol('nothing');
