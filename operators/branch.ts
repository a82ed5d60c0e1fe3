import { filter, map, type Observable } from 'rxjs';
import { operatorObservable } from '../lib/app/topology/topology-observable.js';
import { checkSource } from '../lib/base/check-source.js';
import { nameKind } from '../lib/base/name-kinds.js';
import { call, plainObject, required } from '../lib/base/option-kinds.js';
import { checkArgument } from '../lib/base/option-schema.js';
import { receive } from '../lib/base/receive.js';
import { KafkaRxError } from '../lib/errors/errors.js';
import { processFailed } from '../lib/errors/policies/process-failed.js';
import { refuseThing } from '../lib/flow/leases/leases.js';
import { isRecord } from '../lib/record/is-record.js';
import type { KafkaRecord } from '../lib/record/record.js';
import { refuseLater } from '../lib/record/refuse-later.js';
import { share } from './share.js';

type TypeGuard<V, U extends V> = (value: V) => value is U;

/** What a guard narrows values to; a plain predicate narrows nothing. */
type GuardedBy<F, V> = F extends TypeGuard<V, infer U> ? U : V;

/** The named streams of `branch`, and `otherwise` for what no guard wanted. */
export type Branches<K, V, G> = {
  readonly [N in keyof G]: Observable<KafkaRecord<K, GuardedBy<G[N], V>>>;
} & { readonly otherwise: Observable<KafkaRecord<K, V>> };

/**
 * Splits a stream into named ones: each record goes to the first branch whose guard wants it, or to `otherwise`.
 *
 * ```
 * source                    --1--20--3--40--|
 * branch(source, { big: n => n >= 10 })
 * big                       -----20-----40--|
 * otherwise                 --1------3------|
 * ```
 *
 * Guards are asked in the order in which they are written, so that a name which is a whole number is refused: JavaScript puts
 * such names first. The source is subscribed once, with the first branch. Records of a branch that you do not take are done with; one that you
 * take has to be subscribed before `run()`. A guard that throws is a `process` problem of the record.
 *
 * @example
 * ```ts
 * const { big, otherwise } = branch(purchases$, { big: purchase => purchase.price > 100 });
 * ```
 * @category Operators @since 0.1.0
 */
export function branch<K, V, G extends Readonly<Record<string, (value: V) => boolean>>>(
  source: Observable<KafkaRecord<K, V>>,
  guards: G & { readonly otherwise?: never },
): Branches<K, V, G> {
  checkArgument(
    'branch',
    'the guards',
    required(plainObject('an object of functions, such as { big: value => value > 9 }')),
    guards,
  );
  checkSource('branch', source);
  const names = Object.keys(guards);
  if (names.includes('otherwise')) {
    throw new KafkaRxError('CONFIGURATION', "branch was given a guard for 'otherwise'", {
      remedy: 'Name that branch differently: otherwise is what no guard wanted',
    });
  }
  const reordered = names.find(isArrayIndex);
  if (reordered !== undefined) {
    throw new KafkaRxError(
      'CONFIGURATION',
      `branch was given a guard named '${reordered}': JavaScript puts names that are whole numbers before all others, whatever the order they are written in, and the first guard that wants a record has it`,
      { remedy: `Give it a name that is no number, such as 'from ${reordered}'` },
    );
  }
  for (const guard of names) {
    checkArgument('branch', 'the name of a guard', nameKind, guard);
    checkArgument('branch', guard, required(call), guards[guard]);
  }
  const name = `branch(${names.join(',')})`;
  const routed = operatorObservable<readonly [string, KafkaRecord<K, V>]>(
    name,
    [source],
    (subscriber, node) =>
      receive(source, subscriber, record => {
        if (!isRecord(record)) {
          refuseThing(record, node, subscriber);
          return;
        }
        let target: string;
        try {
          target = names.find(candidate => holds(guards[candidate]?.(record.value))) ?? 'otherwise';
        } catch (cause) {
          processFailed(record, node, cause, undefined, subscriber);
          return;
        }
        subscriber.next([target, record]);
      }),
  ).pipe(share());
  const streams = {};
  for (const stream of [...names, 'otherwise']) {
    // Made when it is taken: one that nobody takes is not among the streams that somebody has to hear.
    let taken: Observable<KafkaRecord<K, V>> | undefined;
    Object.defineProperty(streams, stream, {
      enumerable: true,
      get: () => {
        taken ??= routed.pipe(
          filter(([target]) => target === stream),
          map(([, record]) => record),
        );
        return taken;
      },
    });
  }
  // One stream for each guard and `otherwise`: what the mapped type says; a guard's narrowing held at run time.
  return streams as Branches<K, V, G>;
}

/** What the language orders by its number: https://tc39.es/ecma262/#array-index. */
function isArrayIndex(name: string): boolean {
  return String(Number(name) >>> 0) === name && name !== '4294967295';
}

/** A promise holds for every value, whatever it will come to. */
function holds(wanted: unknown): boolean {
  if (typeof wanted !== 'boolean') refuseLater(wanted);
  return Boolean(wanted);
}
