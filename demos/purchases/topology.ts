import { type App, type DocumentStore, json } from 'kafka-rx';
import { mask, project, share } from 'kafka-rx/operators';
import { MaskedPurchase, Purchase, PurchasePattern, Reward, toPurchasePattern, toReward } from './model.js';

/**
 * Chapter 1 of "Kafka Streams in Action": one masking processor, three topics and a history store behind it.
 *
 * @returns the masked purchases, for whoever looks on
 */
export function purchases(app: App, history: DocumentStore<MaskedPurchase>) {
  const masked = app.topic(inputTopic, { value: json(Purchase) }).pipe(mask('cardNumber'), share());

  masked
    .pipe(project(toPurchasePattern))
    .subscribe(app.to('patterns', { keyBy: p => p.zipCode, value: json(PurchasePattern) }));
  masked
    .pipe(project(toReward))
    .subscribe(app.to('rewards', { keyBy: r => r.customerId, value: json(Reward) }));
  masked.subscribe(app.to('purchases', { keyBy: p => p.customerId, value: json(MaskedPurchase) }));
  masked.subscribe(app.store(history));
  return masked;
}

/** The topic that the topology reads. */
export const inputTopic = 'transactions';

/** The topics that the topology reads and writes. */
export const topics = [inputTopic, 'patterns', 'rewards', 'purchases'] as const;

/** How masked purchases are found again: by customer, by zip code, by the time of purchase. */
export const historyOptions = {
  value: json(MaskedPurchase),
  by: {
    customer: (purchase: MaskedPurchase) => purchase.customerId,
    zip: (purchase: MaskedPurchase) => purchase.zipCode,
  },
  time: (purchase: MaskedPurchase) => purchase.purchasedAt,
};
