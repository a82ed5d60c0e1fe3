/** What one purchase costs: as much of it as the amount is made of. */
export interface Priced {
  /** An integer of at least 1. */
  readonly quantity: number;
  /** Of one piece, finite, at least 0. */
  readonly price: number;
}

/**
 * quantity × price, rounded half up to cents.
 *
 * Rounds the decimal number that stands in the JSON, not the binary one next to it: 1 × 1.005 is 1.01, though
 * `Math.round(1.005 * 100)` is 100.
 *
 * @throws RangeError when the product is more than a number can hold (1.8e308)
 */
export function amountOf({ quantity, price }: Priced): number {
  const cents = quantity * price * 100;
  const nearest = Math.round(cents);
  // Two products and one conversion are off by less than 4 in 2^53: below 1e12 that cannot reach from 0.499 to the half.
  if (cents < 1e12 && Math.abs(cents - nearest) < 0.499) return (nearest + 0) / 100; // + 0: a price of -0 costs 0
  return exactAmountOf({ quantity, price });
}

/** The same for every price and quantity, some fifty times slower. */
export function exactAmountOf({ quantity, price }: Priced): number {
  const { digits, exponent } = decimal(price);
  const product = BigInt(quantity) * digits;
  const cents =
    exponent >= -2
      ? product * 10n ** BigInt(exponent + 2)
      : divideHalfUp(product, 10n ** BigInt(-2 - exponent));
  const amount = Number(`${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`);
  if (!Number.isFinite(amount))
    throw new RangeError('The amount of a purchase is more than a number can hold');
  return amount;
}

function divideHalfUp(dividend: bigint, divisor: bigint): bigint {
  return (2n * dividend + divisor) / (2n * divisor);
}

/** The shortest decimal number that reads back as `value`: digits × 10 ^ exponent. */
function decimal(value: number): { readonly digits: bigint; readonly exponent: number } {
  const [mantissa = '0', exponent = '0'] = value.toString().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}
