import type { Unsubscribable } from 'rxjs';

/**
 * Whether what is subscribed to a stream leads on, as far as one can see: a Subscriber of an operator, a Subject, a sink. What is a
 * function or a plain Observer ends the path.
 */
export function leadsOn<T>(observer: T): observer is T & Unsubscribable {
  return typeof observer === 'object' && observer !== null && 'unsubscribe' in observer;
}
