import { longestDeliveryMs } from '../base/longest-delivery-ms.js';
import type { ProducerOptions, UnitOptions } from './port.js';

/** A unit's producer gives a record up before the brokers give up the transaction, which would take the owner's id away. */
export function unitProducerOptions({ transactionTimeoutMs, ...bounds }: UnitOptions): ProducerOptions {
  const longestMs = longestDeliveryMs(transactionTimeoutMs);
  return { ...bounds, deliveryTimeoutMs: Math.min(bounds.deliveryTimeoutMs, longestMs) };
}
