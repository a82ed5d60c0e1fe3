import { deliveriesOf } from '../flow/leases/delivery.js';
import type { KafkaRecord } from './record.js';

/**
 * Whether what an operator or sink was handed is a record, whichever copy of the library made it: plain operators may hand on anything,
 * and `{ ...record }` has all that a record has and nothing that it does.
 */
export function isRecord(thing: unknown): boolean {
  try {
    // Any thing that is there may be asked for a field that it does not have.
    const record = thing as Partial<KafkaRecord> | null | undefined;
    return record?.[deliveriesOf] !== undefined && typeof record.withValue === 'function';
  } catch {
    // A Proxy may throw.
    return false;
  }
}
