import type { KafkaRecord } from '../../record/record.js';
import { type Delivery, deliveriesOf } from './delivery.js';

/**
 * Which topic a record came from: that of its lane, and so of the epoch in which it was fetched. A record that was made of several
 * has the coordinates of the last, whose deliveries come last.
 */
export function originOfRecord(record: KafkaRecord): string {
  const deliveries = record[deliveriesOf];
  if (!Array.isArray(deliveries)) return (deliveries as Delivery).lane.origin;
  const last: Delivery | undefined = deliveries[deliveries.length - 1];
  return last?.lane.origin ?? record.topic;
}
