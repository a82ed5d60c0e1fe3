import { filter, type OperatorFunction } from 'rxjs';
import { call, required } from '../../lib/base/option-kinds.js';
import { checkArgument, checkOptions } from '../../lib/base/option-schema.js';
import { type OperatorOptions, operatorOptions } from '../../lib/errors/policies/process-failed.js';
import type { NotLater } from '../../lib/record/not-later.js';
import type { KafkaRecord } from '../../lib/record/record.js';
import type { InternalTopic } from '../../lib/state/internal-topic.js';
import { mapRecord } from '../mapRecord.js';

/**
 * Brings records together that belong together: each goes, under the key that is chosen for it, to an internal topic of the app, in the unit of work of its
 * task, and comes from there in the partition of that key, to whichever member has it.
 *
 * ```
 * source      --a1--b2--a3--|
 * repartition(purchasesByZip, purchase => purchase.zipCode)
 * result      -----a1--b2--a3--|     (once the unit is committed; in the task of the key)
 * ```
 *
 * A record for which null is chosen is left out.
 *
 * @param internal of `app.internal`
 * @example
 * ```ts
 * const byZip = app.internal('purchases-by-zip', { key: string, value: json(MaskedPurchase) });
 * masked$.pipe(repartition(byZip, purchase => purchase.zipCode));
 * ```
 * @category State @since 0.2.0
 */
export function repartition<K, V, L>(
  internal: InternalTopic<L, V>,
  keyBy: ((value: V, record: KafkaRecord<K, V>) => L | null) & NotLater<L | null>,
  options: OperatorOptions = {},
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<L, V>> {
  checkArgument('repartition', 'the function', required(call), keyBy);
  checkOptions('repartition', operatorOptions, options);
  return source => {
    const { name, onError } = options;
    const rekeyed = mapRecord((record: KafkaRecord<K, V>) => record.withKey(keyBy(record.value, record)), {
      name: name ?? `repartition(${internal.name})`,
      onError,
    });
    const keyed = (record: KafkaRecord<L | null, V>): record is KafkaRecord<L, V> => record.key !== null;
    source.pipe(rekeyed, filter(keyed)).subscribe(internal.way.sink);
    return internal.way.records$;
  };
}
