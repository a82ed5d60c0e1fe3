import { type Observer, Subscription } from 'rxjs';
import { isRecord } from '../../record/is-record.js';
import type { KafkaRecord } from '../../record/record.js';
import { deliveriesOf } from '../leases/delivery.js';
import type { TakenInUnits } from './ended-branches.js';

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

  /** @param taken what it was handed, of a sink whose outputs are dropped with their unit of work */
  constructor(
    sink: SubscribedSink,
    readonly taken: TakenInUnits | undefined,
  ) {
    super();
    this.#sink = sink;
  }

  next(record: unknown): void {
    if (this.taken !== undefined && isRecord(record)) this.taken.note((record as KafkaRecord)[deliveriesOf]);
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
