import { readFileSync } from 'node:fs';
import { amountOf } from '../../../demos/purchases/amount.js';
import {
  cdnowFile,
  cdnowPurchases,
  cdnowRecords,
  type RawPurchase,
  rawPurchases,
} from '../../../demos/purchases/cdnow.js';
import { Purchase } from '../../../demos/purchases/model.js';
import { isCardNumber } from '../../../lib/card/card-number.js';

async function all<T>(source: AsyncIterable<T>): Promise<readonly T[]> {
  const values: T[] = [];
  for await (const value of source) values.push(value);
  return values;
}

function passesLuhn(cardNumber: string): boolean {
  const digits = [...cardNumber.replace(/\D/g, '')].map(Number).reverse();
  const sum = digits.reduce((total, digit, i) => {
    const weighted = i % 2 === 0 ? digit : 2 * digit;
    return total + (weighted > 9 ? weighted - 9 : weighted);
  }, 0);
  return sum % 10 === 0;
}

describe('the purchases of CDNOW', () => {
  let purchases: readonly RawPurchase[];
  const lines = readFileSync(cdnowFile, 'latin1').trim().split(/\r?\n/).slice(1);

  beforeAll(async () => {
    purchases = await all(rawPurchases());
  });

  it('are as many as the file has lines, and no two the same', () => {
    expect(purchases).toHaveLength(cdnowPurchases);
    expect(lines).toHaveLength(cdnowPurchases);
    expect(new Set(purchases.map(purchase => JSON.stringify(purchase))).size).toBe(cdnowPurchases);
  });

  it('keep the customer, the day, the quantity and the dollar value of their lines, in order', () => {
    // As one text each: jest takes seconds to compare so many arrays.
    const told = purchases.map(purchase => {
      const day = purchase.purchasedAt.slice(0, 10).replaceAll('-', '');
      return `${purchase.customerId} ${day} ${purchase.quantity} ${amountOf(purchase).toFixed(2)}`;
    });
    const written = lines.map(line => line.trim().replaceAll(/ +/g, ' '));
    expect(told.join('\n') === written.join('\n')).toBe(true);
  });

  it('pass the codec of transactions, and hold a card number in no other field', () => {
    expect(purchases.filter(purchase => !Purchase.is(purchase))).toEqual([]);
    const others = purchases.flatMap(({ cardNumber: _, ...rest }) => Object.values(rest));
    expect(others.filter(value => isCardNumber(String(value)))).toEqual([]);
  });

  it('are paid with one valid card a customer, of several lengths and groupings', () => {
    const cards = new Map<string, Set<string>>();
    for (const { customerId, cardNumber } of purchases) {
      cards.set(customerId, (cards.get(customerId) ?? new Set()).add(cardNumber));
    }
    const numbers = [...cards.values()].map(ofCustomer => [...ofCustomer]);
    expect(numbers).toHaveLength(23_570);
    expect(numbers.filter(ofCustomer => ofCustomer.length !== 1)).toEqual([]);
    expect(numbers.flat().filter(number => !passesLuhn(number))).toEqual([]);
    expect(new Set(numbers.flat().map(number => number.replace(/\d/g, 'd')))).toEqual(
      new Set([
        'dddd-dddd-dddd-dddd',
        'dddd dddd dddd dddd',
        'dddddddddddddddd',
        'dddd-dddddd-ddddd',
        'dddd dddddd ddddd',
        'ddddddddddddd',
        'ddddddddddddddddddd',
      ]),
    );
  });

  it('take each customer to one region or two, each store having one address', () => {
    const regions = new Map<string, Set<string>>();
    const addresses = new Map<string, string>();
    for (const { customerId, storeId, zipCode } of purchases) {
      regions.set(customerId, (regions.get(customerId) ?? new Set()).add(zipCode.slice(0, 3)));
      addresses.set(`${storeId} ${zipCode}`, zipCode);
    }
    expect(Math.max(...[...regions.values()].map(ofCustomer => ofCustomer.size))).toBe(2);
    expect(new Set([...addresses.keys()].map(key => key.split(' ')[0])).size).toBe(addresses.size);
    expect([...addresses.values()].filter(zipCode => !/^\d{5}$/.test(zipCode))).toEqual([]);
  });

  it('are the same on every machine', () => {
    expect(purchases[0]).toEqual({
      customerId: '00001',
      storeId: 'store-78701',
      zipCode: '78701',
      item: 'Signal to Noise',
      department: 'Electronic',
      quantity: 1,
      price: 11.77,
      purchasedAt: '1997-01-01T11:51:09.000Z',
      cardNumber: '4111-1174-4567-7172',
    });
  });

  it('are published under their customer, as JSON', async () => {
    for await (const { key, value } of cdnowRecords()) {
      expect(key).toBe('00001');
      expect(JSON.parse(value.toString())).toEqual(purchases[0]);
      break;
    }
  });
});
