import { maskCardNumber } from 'kafka-rx';
import { amountOf } from '../../demos/purchases/amount.js';
import type { RawPurchase } from '../../demos/purchases/cdnow.js';

/** The three outputs of one purchase, each as key and value. */
export interface Outputs {
  readonly zipCode: string;
  readonly customerId: string;
  readonly pattern: string;
  readonly reward: string;
  readonly purchase: string;
}

/**
 * What demos/purchases/topology.ts makes of a purchase, as a program without a library does it: parse, mask, stringify. It
 * validates nothing and trusts the input, which spares the peers what kafka-rx spends on its codecs and its guard.
 */
export function outputsOf(value: Buffer): Outputs {
  const purchase = JSON.parse(value.toString()) as RawPurchase;
  const { customerId, zipCode, item, purchasedAt } = purchase;
  const masked = { ...purchase, cardNumber: maskCardNumber(purchase.cardNumber) };
  const amount = amountOf(purchase);
  return {
    zipCode,
    customerId,
    pattern: JSON.stringify({ zipCode, item, purchasedAt, amount }),
    reward: JSON.stringify({ customerId, amount, points: Math.floor(amount) }),
    purchase: JSON.stringify(masked),
  };
}
