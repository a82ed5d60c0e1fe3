import { type Observer, Subscription } from 'rxjs';

/** What a subscription needs of its sink. */
export interface SubscribedSink {
  next(record: unknown): void;
  error(error: unknown): void;
  /** One of its subscriptions ends, and `close` closes that. */
  left(subscription: SinkSubscription, close: () => void): void;
}

/**
 * One subscription of a sink that may end. Handed to rxjs in the sink's place, since what completes or is unsubscribed does not say
 * whose end that is: several branches may share the sink, and it ends with the last of them.
 */
export class SinkSubscription extends Subscription implements Observer<unknown> {
  readonly #sink: SubscribedSink;

  constructor(sink: SubscribedSink) {
    super();
    this.#sink = sink;
  }

  next(record: unknown): void {
    this.#sink.next(record);
  }

  /** The app has failed first, as at the sink itself. */
  error(error: unknown): void {
    this.#sink.error(error);
    this.unsubscribe();
  }

  complete(): void {
    this.unsubscribe();
  }

  override unsubscribe(): void {
    if (!this.closed) this.#sink.left(this, () => super.unsubscribe());
  }
}
