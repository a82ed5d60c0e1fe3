import type { OperatorFunction } from 'rxjs';
import { operatorObservable } from '../app/topology/topology-observable.js';
import { type OperatorOptions, processFailed } from '../errors/policies/process-failed.js';
import type { KafkaRecord } from '../record/record.js';
import { maskAt } from './mask-at.js';
import type { Masked } from './masked.js';
import { compilePath } from './path.js';

/** How a field's text is replaced, and known as replaced. */
export interface Replacement {
  /** Gives text that `isMasked` takes; throws where it cannot. */
  mask(text: string): string;
  isMasked(text: string): boolean;
}

/** The operator behind `mask` and `tokenize`: replaces text at paths, and has every sink refuse it unreplaced. */
export function maskFields<K, V, P extends string, As extends string>(
  operator: string,
  paths: P | readonly P[],
  { mask, isMasked }: Replacement,
  options: OperatorOptions,
): OperatorFunction<KafkaRecord<K, V>, KafkaRecord<K, Masked<V, P, As>>> {
  const fields: readonly string[] = typeof paths === 'string' ? [paths] : (paths as readonly P[]);
  const compiled = fields.map(compilePath);
  const { name = `${operator}(${fields.join(',')})`, onError } = options;
  return source =>
    operatorObservable<KafkaRecord<K, Masked<V, P, As>>>(
      name,
      [source],
      (subscriber, node) =>
        source.subscribe({
          next(record) {
            let value: Masked<V, P, As>;
            try {
              // maskAt replaces exactly the fields that Masked gives another type.
              value = maskAt(record.value, compiled, mask) as Masked<V, P, As>;
            } catch (cause) {
              processFailed(record, node, cause, onError, subscriber);
              return;
            }
            subscriber.next(record.withValue(value));
          },
          error: error => subscriber.error(error),
          complete: () => subscriber.complete(),
        }),
      fields.map(path => ({ path, isMasked })),
    );
}
