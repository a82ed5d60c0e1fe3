import fc from 'fast-check';
import { isLeft, isRight } from 'fp-ts/lib/Either.js';
import {
  MaskedPurchase,
  Purchase,
  PurchasePattern,
  Reward,
  toPurchasePattern,
  toReward,
} from '../../../demos/purchases/model.js';

const plain = {
  customerId: '00003',
  storeId: 'store-10003',
  zipCode: '10003',
  item: 'Velvet Hours',
  department: 'R&B',
  quantity: 2,
  price: 10.38,
  purchasedAt: '1997-01-02T10:00:00.000Z',
};
const raw = { ...plain, cardNumber: '4111-1111-1111-1111' };
const masked = { ...plain, cardNumber: 'xxxx-xxxx-xxxx-1111' };

const maskedPurchases = fc
  .record({
    customerId: fc.string(),
    storeId: fc.string(),
    zipCode: fc.string(),
    item: fc.string(),
    department: fc.string(),
    quantity: fc.integer({ min: 1, max: 1_000_000 }),
    price: fc.double({ min: 0, max: 1e9, noNaN: true }),
    purchasedAt: fc
      .date({ min: new Date('1997-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
      .map(date => date.toISOString()),
    cardNumber: fc.constantFrom('xxxx-xxxx-xxxx-1233', 'xxxx xxxxxx x0005', 'xxxxxxxxx4567'),
  })
  .map(decodedMasked);

function decodedMasked(value: unknown): MaskedPurchase {
  const result = MaskedPurchase.decode(value);
  if (isLeft(result)) throw new Error('the generator makes what the codec refuses');
  return result.right;
}

describe('the model', () => {
  it('takes a purchase as it stands in transactions, and masked ones as in purchases', () => {
    expect(isRight(Purchase.decode(raw))).toBe(true);
    expect(isRight(MaskedPurchase.decode(masked))).toBe(true);
  });

  it('never takes a whole card number for a masked one', () => {
    expect(isLeft(MaskedPurchase.decode(raw))).toBe(true);
  });

  it.each([
    ['quantity', 0],
    ['quantity', -1],
    ['quantity', 1.5],
    ['quantity', '2'],
    ['quantity', undefined],
    ['price', -0.01],
    ['price', Number.POSITIVE_INFINITY],
    ['price', '10.38'],
    ['price', null],
    ['customerId', 3],
    ['zipCode', 10003],
    ['purchasedAt', '02.01.1997'],
    ['purchasedAt', '1997-02-30T10:00:00Z'],
    ['purchasedAt', 852_112_800_000],
    ['cardNumber', '4111-1111-1111'],
    ['cardNumber', 4_111_111_111_111_111],
  ])('refuses a purchase whose %s is %p', (field, value) => {
    expect(isLeft(Purchase.decode({ ...raw, [field]: value }))).toBe(true);
  });

  it.each(Object.keys(raw))('refuses a purchase without %s', field => {
    const rest = Object.fromEntries(Object.entries(raw).filter(([name]) => name !== field));
    expect(isLeft(Purchase.decode(rest))).toBe(true);
  });

  it('a pattern tells where and what, and nothing of who', () => {
    expect(toPurchasePattern(decodedMasked(masked))).toStrictEqual({
      zipCode: '10003',
      item: 'Velvet Hours',
      purchasedAt: '1997-01-02T10:00:00.000Z',
      amount: 20.76,
    });
  });

  it('a reward has a point for each whole unit of the rounded amount', () => {
    expect(toReward(decodedMasked(masked))).toStrictEqual({ customerId: '00003', amount: 20.76, points: 20 });
    expect(toReward(decodedMasked({ ...masked, quantity: 1, price: 0.995 }))).toStrictEqual({
      customerId: '00003',
      amount: 1,
      points: 1,
    });
  });

  it('patterns and rewards of any purchase agree on the amount, pass their codecs, and survive JSON', () => {
    fc.assert(
      fc.property(maskedPurchases, purchase => {
        const pattern = toPurchasePattern(purchase);
        const reward = toReward(purchase);
        expect(reward.amount).toBe(pattern.amount);
        expect(Math.abs(pattern.amount - purchase.quantity * purchase.price)).toBeLessThanOrEqual(
          0.005 + pattern.amount * 1e-15,
        );
        expect(Number(pattern.amount.toFixed(2))).toBe(pattern.amount);
        expect(Number.isInteger(reward.points)).toBe(true);
        expect(reward.points).toBeLessThanOrEqual(reward.amount);
        expect(reward.points).toBeGreaterThan(reward.amount - 1);
        expect(PurchasePattern.decode(JSON.parse(JSON.stringify(pattern)))).toEqual(
          PurchasePattern.decode(pattern),
        );
        expect(Reward.is(JSON.parse(JSON.stringify(reward)))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('neither function changes the purchase', () => {
    const purchase = Object.freeze(decodedMasked(masked));
    toPurchasePattern(purchase);
    toReward(purchase);
    expect(purchase).toStrictEqual(masked);
  });
});
