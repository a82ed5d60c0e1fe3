import { type App, json, type Store } from 'kafka-rx';
import { mask, peek, project } from 'kafka-rx/operators';
import { share } from 'rxjs';
import { MaskedPurchase, Purchase, PurchasePattern, Reward, toPurchasePattern, toReward } from './model.js';

/** Who looks on as patterns and rewards pass, for the summary. */
export interface Onlooker {
  pattern(pattern: PurchasePattern): void;
  reward(reward: Reward): void;
}

/** Chapter 1 of "Kafka Streams in Action": one masking processor, three topics and a history store behind it. */
export function purchases(app: App, history: Store<MaskedPurchase>, onlooker?: Onlooker): void {
  const masked = app.topic('transactions', { value: json(Purchase) }).pipe(mask('cardNumber'), share());

  masked
    .pipe(
      project(toPurchasePattern),
      peek(({ value }) => onlooker?.pattern(value), { name: 'look at patterns' }),
    )
    .subscribe(app.to('patterns', { keyBy: p => p.zipCode, value: json(PurchasePattern) }));
  masked
    .pipe(
      project(toReward),
      peek(({ value }) => onlooker?.reward(value), { name: 'look at rewards' }),
    )
    .subscribe(app.to('rewards', { keyBy: r => r.customerId, value: json(Reward) }));
  masked.subscribe(app.to('purchases', { keyBy: p => p.customerId, value: json(MaskedPurchase) }));
  masked.subscribe(app.store(history));
}

/** The topics that the topology reads and writes. */
export const topics = ['transactions', 'patterns', 'rewards', 'purchases'] as const;

/** Where each customer's masked purchases are found again. */
export const historyOptions = {
  value: json(MaskedPurchase),
  customer: (purchase: MaskedPurchase) => purchase.customerId,
  time: (purchase: MaskedPurchase) => new Date(purchase.purchasedAt),
};
