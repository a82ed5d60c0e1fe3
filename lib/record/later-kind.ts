export type LaterKind = 'a promise' | 'an Observable' | 'an async iterable';

/** What gives its values later and waits to be heard out; undefined for all else. */
export function laterKind(thing: object): LaterKind | undefined {
  // Any object may be asked for a field that it does not have.
  const { then, subscribe, [Symbol.asyncIterator]: iterate } = thing as Partial<Record<PropertyKey, unknown>>;
  if (typeof then === 'function') return 'a promise';
  if (typeof subscribe === 'function') return 'an Observable';
  return typeof iterate === 'function' ? 'an async iterable' : undefined;
}
