import { ordersOf } from './orders.js';

test('one record and one crash hold every invariant in all orders that there are', async () => {
  const { orders, isWhole, broken } = await ordersOf({ records: 1, crashes: 1, goesOn: () => true });
  expect(broken.map(({ violation }) => violation)).toEqual([]);
  expect(isWhole).toBe(true);
  expect(orders).toBeGreaterThan(100);
}, 120_000);
