/**
 * What the topics of the demo hold. `transactions` takes a {@link Purchase}, the only type here that knows a whole
 * card number; all that leaves is made of a {@link MaskedPurchase}.
 */
import * as t from 'io-ts';
import { CardNumber, IsoTimestamp, MaskedCardNumber, NonNegative, PositiveInt } from 'kafka-rx/io-ts';
import { amountOf } from './amount.js';

const fields = {
  customerId: t.string,
  storeId: t.string,
  zipCode: t.string,
  item: t.string,
  department: t.string,
  quantity: PositiveInt,
  price: NonNegative,
  purchasedAt: IsoTimestamp,
};

/** A value of `transactions`. */
export const Purchase = t.strict({ ...fields, cardNumber: CardNumber }, 'Purchase');
export type Purchase = t.TypeOf<typeof Purchase>;

/** A value of `purchases`, and a document of the history. */
export const MaskedPurchase = t.strict({ ...fields, cardNumber: MaskedCardNumber }, 'MaskedPurchase');
export type MaskedPurchase = t.TypeOf<typeof MaskedPurchase>;

/** A value of `patterns`: what is bought where, without who. */
export const PurchasePattern = t.strict(
  { zipCode: t.string, item: t.string, purchasedAt: IsoTimestamp, amount: t.number },
  'PurchasePattern',
);
export type PurchasePattern = t.TypeOf<typeof PurchasePattern>;

/** A value of `rewards`. */
export const Reward = t.strict({ customerId: t.string, amount: t.number, points: t.number }, 'Reward');
export type Reward = t.TypeOf<typeof Reward>;

/** @throws RangeError as {@link amountOf} */
export function toPurchasePattern(purchase: MaskedPurchase): PurchasePattern {
  const { zipCode, item, purchasedAt } = purchase;
  return { zipCode, item, purchasedAt, amount: amountOf(purchase) };
}

/** One point for each whole currency unit of the rounded amount. @throws RangeError as {@link amountOf} */
export function toReward(purchase: MaskedPurchase): Reward {
  const amount = amountOf(purchase);
  return { customerId: purchase.customerId, amount, points: Math.floor(amount) };
}
