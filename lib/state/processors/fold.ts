/**
 * How an aggregate takes one more value.
 *
 * @param aggregate undefined: there is none yet, or it was deleted
 * @param key of the record, as bytes in latin1
 * @returns null: the aggregate is deleted, and the next value begins a new one
 */
export type Fold<V, A> = (aggregate: A | undefined, value: V, key: string) => A | null;

/** What a user gives for an aggregate. */
export interface Aggregation<V, A> {
  initial(): A;
  add(aggregate: A, value: V, key: string): A | null;
}

export function aggregating<V, A>({ initial, add }: Aggregation<V, A>): Fold<V, A> {
  return (aggregate, value, key) => add(aggregate === undefined ? initial() : aggregate, value, key);
}

/** The first value as it is, whatever it is. */
export function reducing<V>(reduce: (old: V, value: V, key: string) => V | null): Fold<V, V> {
  return (old, value, key) => (old === undefined ? value : reduce(old, value, key));
}

export function counting(): Fold<unknown, number> {
  return (count = 0) => count + 1;
}
