import { Observable, type Subscriber } from 'rxjs';
import type { DeliveryEvent } from '../commit/commit-in-order.js';

/** What happens to deliveries, told as it happens: a Subject of one subscriber, without its list for each record. */
export class DeliveryEvents {
  #subscriber: Subscriber<DeliveryEvent> | undefined;
  /** For `commitInOrder`; one subscriber. */
  readonly events$ = new Observable<DeliveryEvent>(subscriber => {
    this.#subscriber = subscriber;
  });

  next(event: DeliveryEvent): void {
    this.#subscriber?.next(event);
  }
}
