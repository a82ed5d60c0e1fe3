import type { Aggregate } from '../../../../operators/state/index.js';

export interface Added<V> {
  readonly value: V;
  readonly timestamp: number;
}

/** All records into one aggregate, in their order. */
export function fold<V, A, R>(
  aggregate: Aggregate<V, A, R>,
  records: readonly Added<V>[],
  from = aggregate.initial(),
): A {
  return records.reduce<A>((before, { value, timestamp }) => {
    const after = aggregate.add(before, value, { key: 'k', timestamp });
    return after === null ? aggregate.initial() : after;
  }, from);
}

export function resultOf<V, A, R>(aggregate: Aggregate<V, A, R>, kept: A): R {
  // Without one, it is the aggregate itself.
  return aggregate.result ? aggregate.result(kept) : (kept as unknown as R);
}

/** What all records come to. */
export function over<V, A, R>(aggregate: Aggregate<V, A, R>, records: readonly Added<V>[]): R {
  return resultOf(aggregate, fold(aggregate, records));
}

/** The same, of values with timestamps that count up. */
export function overValues<V, A, R>(aggregate: Aggregate<V, A, R>, ...values: readonly V[]): R {
  return over(
    aggregate,
    values.map((value, timestamp) => ({ value, timestamp })),
  );
}
