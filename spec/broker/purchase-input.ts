import { writeFile } from 'node:fs/promises';
import { type RawPurchase, rawPurchases } from '../../demos/purchases/cdnow.js';

/** Writes purchases of CDNOW, the first `most` of them, into a file of JSON lines for the demo's command. */
export async function writePurchases(
  file: string,
  most = Number.POSITIVE_INFINITY,
): Promise<readonly RawPurchase[]> {
  const purchases: RawPurchase[] = [];
  for await (const purchase of rawPurchases()) {
    purchases.push(purchase);
    if (purchases.length === most) break;
  }
  await writeFile(file, purchases.map(purchase => `${JSON.stringify(purchase)}\n`).join(''));
  return purchases;
}

/** Times of purchase by customer, in the order of the input. */
export function timesByCustomer(purchases: readonly RawPurchase[]): Map<string, string[]> {
  const times = new Map<string, string[]>();
  for (const { customerId, purchasedAt } of purchases) {
    const seen = times.get(customerId) ?? [];
    seen.push(purchasedAt);
    times.set(customerId, seen);
  }
  return times;
}
