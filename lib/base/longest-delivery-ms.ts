/**
 * Of the transaction's time. A quarter of it may be over when the last record of a unit is written (`UnitPace`), and the end of the unit
 * wants some as well; and after four fifths of it a record that has not settled fails the app, which would not say what it waits for.
 */
const share = 2 / 3;

/** Milliseconds that the brokers have at most to acknowledge a record of a unit of work. */
export function longestDeliveryMs(transactionTimeoutMs: number): number {
  return Math.floor(transactionTimeoutMs * share);
}
