import type { OperatorFunction } from 'rxjs';
import type { Windowed } from '../../lib/codecs/windowed.js';
import type { KafkaRecord } from '../../lib/record/record.js';
import type { ClosingWindows } from '../../lib/state/processors/suppress-until-window-closes.js';
import type { State } from '../../lib/state/state.js';
import type { SessionWindows } from '../../lib/time/session.js';
import type { Windows } from '../../lib/time/windows.js';
import { type AggregateOptions, aggregateAs } from './aggregate.js';
import type { FinalOptions } from './emit.js';

/** @category State @since 0.2.0 */
export type CountOptions<K, V> = Pick<
  AggregateOptions<K, V, number>,
  'name' | 'onError' | 'emit' | 'late' | 'closeWhenIdleMs'
>;

/**
 * Counts the records of each key, or of each of its windows: {@link aggregate} with 1 for each.
 *
 * ```
 * source   --a--b--a--|             (keys)
 * count(logins)
 * result   --a1-b1-a2-|
 * ```
 *
 * @param state of `app.state`, its values numbers: `aggregates' counter().codec` writes them as Kafka Streams does
 * @example
 * ```ts
 * const counts = app.state('counts', { key: string, value: counter().codec });
 * orders$.pipe(count(counts, { window: hopping(600_000, { advanceMs: 60_000, graceMs: 5_000 }) }));
 * ```
 * @category State @since 0.2.0
 */
export function count<K, V>(
  state: State<K, number>,
  options?: CountOptions<K, V> & { readonly window?: undefined },
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K, number>>;
/** Final results are no deletions. */
export function count<K, V>(
  state: State<K, number>,
  options: CountOptions<K, V> & FinalOptions<ClosingWindows>,
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<Windowed<K>, number>>;
export function count<K, V>(
  state: State<K, number>,
  options: CountOptions<K, V> & { readonly window: Exclude<Windows, SessionWindows> },
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<Windowed<K>, number>>;
/** Of sessions: see {@link aggregate}. */
export function count<K, V>(
  state: State<K, number>,
  options: CountOptions<K, V> & { readonly window: SessionWindows },
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<Windowed<K>, number | null>>;
export function count<K, V>(
  state: State<K, number>,
  options: CountOptions<K, V> & { readonly window?: Windows | undefined } = {},
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K | Windowed<K>, number | null>> {
  return aggregateAs<K, V, number, number, number | null>('count', state, {
    ...options,
    initial: () => 0,
    add: before => before + 1,
    merge: (a, b) => a + b,
  });
}
