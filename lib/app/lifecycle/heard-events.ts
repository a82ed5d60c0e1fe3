import { config, Observable, type Observer, type Subscription } from 'rxjs';
import { leadsOn } from '../../base/leads-on.js';
import { hearOut } from '../../logging/hear-out.js';

type Heard<T> = Partial<Observer<T>> | ((value: T) => void) | null | undefined;

/**
 * Events for whoever wants to hear them. rxjs throws what a listener throws into the event loop, which ends the process, and drops the
 * promise of an asynchronous one: neither is worth an app. Listeners behind an operator are rxjs's.
 */
export class HeardEvents<T> extends Observable<T> {
  readonly #source: Observable<T>;
  readonly #lost: (thrown: unknown) => void;

  /** @param lost told what a listener threw or rejected with */
  constructor(source: Observable<T>, lost: (thrown: unknown) => void) {
    super(subscriber => source.subscribe(subscriber));
    this.#source = source;
    this.#lost = lost;
  }

  override subscribe(observer?: Partial<Observer<T>> | ((value: T) => void)): Subscription;
  override subscribe(
    next?: ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription;
  override subscribe(
    heard?: Heard<T>,
    _error?: ((error: unknown) => void) | null,
    ended?: (() => void) | null,
  ): Subscription {
    if (leadsOn(heard)) return super.subscribe(heard);
    const lost = (thrown: unknown): void => {
      const { onUnhandledError } = config;
      // Where a program has a place of its own for such errors, rxjs would put them there too.
      if (onUnhandledError === null) this.#lost(thrown);
      else hearOut(() => onUnhandledError(thrown), this.#lost);
    };
    const next = typeof heard === 'function' ? heard : heard?.next?.bind(heard);
    const complete = typeof heard === 'function' ? ended : (heard?.complete?.bind(heard) ?? ended);
    return this.#source.subscribe({
      next: value => next && hearOut(() => next(value), lost),
      complete: () => complete && hearOut(complete, lost),
    });
  }
}
