import fc from 'fast-check';
import { amountOf, exactAmountOf } from '../../../demos/purchases/amount.js';

const quantities = fc.integer({ min: 1, max: 10_000 });
const prices = fc.double({ min: 0, max: 1e6, noNaN: true });

describe('amountOf', () => {
  it.each([
    [1, 1.005, 1.01], // 1.005 * 100 is 100.49999999999999
    [1, 8.345, 8.35],
    [3, 0.335, 1.01], // 3 * 0.335 is 1.0050000000000001
    [1, 1.0049999999, 1],
    [3, 20.76 / 3, 20.76],
    [1, 0, 0],
    [7, 1e-7, 0],
    [2, 5e-324, 0],
    [1, 1.5e21, 1.5e21],
    [Number.MAX_SAFE_INTEGER, 0.01, 90_071_992_547_409.91],
  ])('%p pieces at %p cost %p', (quantity, price, amount) => {
    expect(amountOf({ quantity, price })).toBe(amount);
  });

  it('gives no negative zero', () => {
    expect(Object.is(amountOf({ quantity: 1, price: -0 }), 0)).toBe(true);
  });

  it('refuses a product that no number holds', () => {
    expect(() => amountOf({ quantity: 1000, price: Number.MAX_VALUE })).toThrow(RangeError);
  });

  it('is exact where it is quick', () => {
    fc.assert(
      fc.property(quantities, prices, (quantity, price) => {
        expect(amountOf({ quantity, price })).toBe(exactAmountOf({ quantity, price }));
      }),
      { numRuns: 2000 },
    );
  });

  it('rounds prices in tenths of a cent half up, as on paper', () => {
    fc.assert(
      fc.property(quantities, fc.integer({ min: 0, max: 10_000_000 }), (quantity, tenths) => {
        const cents = Math.floor((quantity * tenths + 5) / 10);
        expect(amountOf({ quantity, price: Number(`${tenths}e-3`) })).toBe(Number(`${cents}e-2`));
      }),
      { numRuns: 2000 },
    );
  });
});
