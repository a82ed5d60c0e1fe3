import type { OperatorFunction } from 'rxjs';
import { operatorObservable } from '../lib/app/topology/topology-observable.js';
import { receive } from '../lib/base/receive.js';
import { type OperatorOptions, operatorName, processFailed } from '../lib/errors/policies/process-failed.js';
import { deliveriesOf } from '../lib/flow/leases/delivery.js';
import type { KafkaRecord } from '../lib/record/record.js';
import { refuseLater } from '../lib/record/refuse-later.js';

/**
 * Replaces each record by the one that `make` makes of it.
 *
 * ```
 * source   --a----b----c--|
 * mapRecord(r => r.withKey(r.value.id))
 * result   --A----B----C--|
 * ```
 *
 * Make it with the record's own `withValue`, `withKey` and `withHeaders`: these carry the delivery on; a record made
 * any other way fails the app at the first sink. Synchronous: it holds nothing.
 *
 * @param make a throw is a `process` problem of this record: the policy decides
 * @example
 * ```ts
 * orders$.pipe(mapRecord(order => order.withKey(order.value.customerId).withValue(order.value.total)));
 * ```
 * @category Operators @since 0.1.0
 */
export function mapRecord<R extends KafkaRecord, S extends KafkaRecord>(
  make: (record: R) => S,
  options: OperatorOptions = {},
): OperatorFunction<R, S> {
  const named = { name: operatorName('mapRecord', make, options), onError: options.onError };
  return source =>
    operatorObservable<S>(named, [source], (subscriber, node) =>
      receive(source, subscriber, record => {
        let made: S;
        try {
          made = make(record);
          // Whatever is no record is looked at closer: from an untyped function it may be a promise of one.
          if (made?.[deliveriesOf] === undefined) refuseLater(made);
        } catch (cause) {
          processFailed(record, node, cause, options.onError, subscriber);
          return;
        }
        subscriber.next(made);
      }),
    );
}
