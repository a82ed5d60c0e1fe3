import type { OperatorFunction } from 'rxjs';
import { operatorObservable } from '../lib/app/topology/topology-observable.js';
import { disregardWithin } from '../lib/base/disregard.js';
import { receive } from '../lib/base/receive.js';
import { KafkaRxError } from '../lib/errors/errors.js';
import { type OperatorOptions, operatorName, processFailed } from '../lib/errors/policies/process-failed.js';
import { refuseThing } from '../lib/flow/leases/leases.js';
import { isRecord } from '../lib/record/is-record.js';
import type { KafkaRecord } from '../lib/record/record.js';
import { refuseLater } from '../lib/record/refuse-later.js';
import { whatItIs } from '../lib/record/what-it-is.js';

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
 * aside fails the app at the first sink. What is no record, such as `{ ...record, value }`, is as a throw. Synchronous: it
 * holds nothing.
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
        if (!isRecord(record)) {
          refuseThing(record, node, subscriber);
          return;
        }
        let made: S;
        try {
          made = make(record);
          if (!isRecord(made)) refuse(made);
        } catch (cause) {
          processFailed(record, node, cause, options.onError, subscriber);
          return;
        }
        subscriber.next(made);
      }),
    );
}

/** What a function without types gave in the place of a record. */
function refuse(thing: unknown): never {
  // It may be a promise of one.
  refuseLater(thing);
  disregardWithin(thing);
  const { what, remedy } = whatItIs(thing);
  throw new KafkaRxError('PROCESS', `The function gave ${what}`, { remedy });
}
