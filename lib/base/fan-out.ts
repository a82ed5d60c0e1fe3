import { Observable, type SubjectLike, type Subscriber } from 'rxjs';
import { callForAll } from './call-for-all.js';

/**
 * What rxjs's `Subject` is to its `share`: several subscribers of one stream. It does as a `Subject` does, but for what that one
 * makes for each value, a closure and an iterator over its observers: half of what a three-way branch costs.
 */
export class FanOut<T> extends Observable<T> implements SubjectLike<T> {
  /** Replaced, never changed, so that a subscriber who comes or goes during `next` disturbs no loop. */
  #subscribers: readonly Subscriber<T>[] = [];
  /** How it ended; tells those who come later. */
  #end: ((subscriber: Subscriber<T>) => void) | undefined;

  constructor() {
    super(subscriber => {
      if (this.#end !== undefined) {
        this.#end(subscriber);
        return undefined;
      }
      this.#subscribers = [...this.#subscribers, subscriber];
      return () => {
        this.#subscribers = this.#subscribers.filter(other => other !== subscriber);
      };
    });
  }

  next(value: T): void {
    for (const subscriber of this.#subscribers) subscriber.next(value);
  }

  error(error: unknown): void {
    this.#finish(subscriber => subscriber.error(error));
  }

  complete(): void {
    this.#finish(subscriber => subscriber.complete());
  }

  #finish(end: (subscriber: Subscriber<T>) => void): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    const subscribers = this.#subscribers;
    this.#subscribers = [];
    callForAll(subscribers, end);
  }
}
