import type { OperatorFunction } from 'rxjs';
import { maskCardNumber } from '../lib/card/card-number.js';
import { maskAt } from '../lib/card/mask-at.js';
import type { Masked } from '../lib/card/masked.js';
import { compilePath, type Path } from '../lib/card/path.js';
import { type OperatorOptions, processFailed } from '../lib/policies/process-failed.js';
import type { KafkaRecord } from '../lib/record.js';
import { operatorObservable } from '../lib/topology/topology-observable.js';

/**
 * Masks the card numbers at one or several paths of the value: digits are removed, the last four kept, the grouping
 * stays. `1234-5678-1234-1233` becomes `xxxx-xxxx-xxxx-1233`.
 *
 * ```
 * source   --{card: 1234-5678-1234-1233}--|
 * mask('card')
 * result   --{card: xxxx-xxxx-xxxx-1233}--|
 * ```
 *
 * The masked fields' type becomes `MaskedCardNumber`, so that a sink for masked values takes the result and does not
 * take the source. Every sink of the app then refuses these fields unmasked, wherever else they turn up. A field that is
 * missing or null is left alone; a number becomes a masked string; masking twice changes nothing.
 *
 * @param paths dotted paths into the value, `*` for every element of an array; a path that does not exist in the type
 *   does not compile
 * @example
 * ```ts
 * purchases$.pipe(mask('cardNumber'));
 * ```
 * @category Operators @since 0.1.0
 */
export function mask<K, V, const P extends Path<V>>(
  paths: P | readonly P[],
  options: OperatorOptions = {},
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K, Masked<V, P>>> {
  const fields: readonly string[] = typeof paths === 'string' ? [paths] : (paths as readonly P[]);
  const compiled = fields.map(compilePath);
  const name = options.name ?? `mask(${fields.join(',')})`;
  return source =>
    operatorObservable<KafkaRecord<K, Masked<V, P>>>(
      name,
      [source],
      (subscriber, node) =>
        source.subscribe({
          next(record) {
            let value: Masked<V, P>;
            try {
              // maskAt replaces exactly the fields that Masked gives another type.
              value = maskAt(record.value, compiled, maskCardNumber) as Masked<V, P>;
            } catch (cause) {
              processFailed(record, node, cause, options.onError, subscriber);
              return;
            }
            subscriber.next(record.withValue(value));
          },
          error: error => subscriber.error(error),
          complete: () => subscriber.complete(),
        }),
      fields,
    );
}
