import type { Codec } from '../../codecs/codec.js';

/** Of the record that is being added. */
export interface AggregateContext<K = unknown> {
  readonly key: K;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/**
 * What is made of many records, as data and functions: which records belong together (by key, by window) is not its affair.
 *
 * What `add` and `merge` give is a value of its own: neither changes what it was handed, since an aborted unit of work goes on from there.
 *
 * @typeParam V the values that are added
 * @typeParam A what is kept between two records
 * @typeParam R what is made of it for those downstream; the same, unless `result` says otherwise
 * @category State @since 0.1.0
 */
export interface Aggregate<V, A, R = A, K = unknown> {
  /** What nothing has been added to; merged with anything it is that. */
  initial(): A;
  /** @returns null: the row is deleted, and the next value begins anew */
  add(aggregate: A, value: V, context: AggregateContext<K>): A | null;
  /** Of two that meet: sessions need it. `a` is the earlier. */
  merge?(a: A, b: A): A;
  /** What is handed on; absent: the aggregate itself. */
  result?(aggregate: A): R;
  /** How it is kept. */
  readonly codec: Codec<A>;
}

/** One whose rows stay: what is added never deletes. All of ours are. @category State @since 0.2.0 */
export interface LastingAggregate<V, A, R = A, K = unknown> extends Aggregate<V, A, R, K> {
  add(aggregate: A, value: V, context: AggregateContext<K>): A;
}
