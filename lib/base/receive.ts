import { concat, filter, Observable, type Subscriber } from 'rxjs';

/**
 * Subscribes an operator to its source, on behalf of the subscriber that it serves, and stops with it: an Observer of one's own would
 * be heard by nobody until `subscribe` has returned, so that `take(1)` behind it does not stop a source that emits inside that. Operators
 * of rxjs are tied to whom they serve from the start; this is `filter` that lets nothing pass.
 *
 * @param next called with each value; hands to the subscriber what it makes of it. Must not throw
 * @param completed called when the source has completed, in the place of `subscriber.complete()`, which it does now or later.
 *   Default: that at once
 */
export function receive<T>(
  source: Observable<T>,
  subscriber: Subscriber<never>,
  next: (value: T) => void,
  completed?: () => void,
): void {
  // Of no node of the topology: whom it serves may be a sink, and that is the operator's to feed, not the source's.
  const plain = new Observable<T>(inner => source.subscribe(inner));
  const received = plain.pipe(
    filter((value): value is T & never => {
      next(value);
      return false;
    }),
  );
  if (completed === undefined) received.subscribe(subscriber);
  else concat(received, new Observable<never>(() => completed())).subscribe(subscriber);
}
