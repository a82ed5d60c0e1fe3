import { Observable, type Subscriber } from 'rxjs';

/**
 * Subscribes an operator to its source, on behalf of the subscriber that it serves, and stops with it. An Observer handed to
 * `subscribe` can be told to stop once that has returned, so that `take(1)` behind it does not stop a source that emits inside; this one
 * is tied to whom it serves before the source is asked.
 *
 * @param next called with each value; hands to the subscriber what it makes of it. Must not throw
 * @param completed called when the source has completed, in the place of `subscriber.complete()`, which it does now or later.
 *   Default: that at once
 */
export function receive<T>(
  source: Observable<T>,
  subscriber: Subscriber<never>,
  next: (value: T) => void,
  completed: () => void = () => subscriber.complete(),
): void {
  // What rxjs makes of an Observer is used as it is by the next `subscribe`: no hop lies between.
  const made = new Observable<T>(receiver => {
    subscriber.add(receiver);
    source.subscribe(receiver);
  });
  made.subscribe({ next, error: error => subscriber.error(error), complete: completed });
}
