import { isObservable, merge, type Observable } from 'rxjs';
import { operatorObservable } from '../lib/app/topology/topology-observable.js';
import { nameKind } from '../lib/base/name-kinds.js';
import { required } from '../lib/base/option-kinds.js';
import { checkArgument } from '../lib/base/option-schema.js';
import { KafkaRxError } from '../lib/errors/errors.js';
import type { KafkaRecord } from '../lib/record/record.js';

/**
 * Merges streams like rxjs's `merge`, as a named node: plain `merge` hides from `describe()` what flows into it.
 *
 * ```
 * a   --1-----3--|
 * b   ----2-------4--|
 *     mergeNamed('all', a, b)
 * all --1-2---3---4--|
 * ```
 *
 * Completes when all have; the first error ends it.
 *
 * @param name the node's name in `describe()`
 * @example
 * ```ts
 * const all$ = mergeNamed('all purchases', online$, stores$);
 * ```
 * @category Operators @since 0.1.0
 */
export function mergeNamed<const S extends readonly Observable<KafkaRecord>[]>(
  name: string,
  ...sources: S
): Observable<S[number] extends Observable<infer R> ? R : never> {
  checkArgument('mergeNamed', 'the name', required(nameKind), name);
  const other = sources.findIndex(source => !isObservable(source));
  if (other >= 0) {
    // A number at the end would be the concurrency of rxjs's merge: streams beyond it would never be heard.
    throw new KafkaRxError(
      'CONFIGURATION',
      `mergeNamed('${name}') was given no Observable as stream ${other}`,
      {
        remedy: 'Give it streams only: it listens to all of them from the start',
      },
    );
  }
  type Merged = S[number] extends Observable<infer R> ? R : never;
  // merge over the same sources emits exactly their union.
  return operatorObservable<Merged>(name, sources, subscriber =>
    (merge(...sources) as Observable<Merged>).subscribe(subscriber),
  );
}
