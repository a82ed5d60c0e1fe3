import { KafkaRxError } from '../errors/errors.js';
import { kind, required, shape, whole, written } from './option-kinds.js';
import type { Kind } from './option-schema.js';

/**
 * Throws unless this says where to begin: `'earliest'`, `'latest'`, or `{ timestamp }` in whole milliseconds since 1970. Kafka itself
 * takes -1 for the end and other negative numbers for whatever a later version meant by them, and a Date is no number.
 *
 * @param option its name, as the caller knows it
 * @throws KafkaRxError `CONFIGURATION`
 */
export function checkStartFrom(option: string, at: unknown): void {
  if (isStartFrom(at)) return;
  const { timestamp } = Object(at) as { readonly timestamp?: unknown };
  throw new KafkaRxError(
    'CONFIGURATION',
    `${option} must be 'earliest', 'latest' or { timestamp } in milliseconds since 1970`,
    { remedy: remedyFor(at instanceof Date ? at : timestamp) },
  );
}

const wants = "'earliest', 'latest' or { timestamp } in milliseconds since 1970";
const time = shape({ timestamp: required(whole(0)) });

/** The same as a kind of option. */
export const startFromKind: Kind = kind(wants, at => {
  if (at === 'earliest' || at === 'latest') return true;
  const { timestamp } = Object(at) as { readonly timestamp?: unknown };
  // What names a time is told of the time, or of what else it names.
  if (timestamp !== undefined) {
    const fault = time.fault(at);
    return fault && { ...fault, remedy: fault.path === 'timestamp' ? remedyFor(timestamp) : fault.remedy };
  }
  return { ...written(wants, at), remedy: remedyFor(at instanceof Date ? at : timestamp) };
});

function isStartFrom(at: unknown): boolean {
  if (at === 'earliest' || at === 'latest') return true;
  const { timestamp } = Object(at) as { readonly timestamp?: unknown };
  return typeof timestamp === 'number' && Number.isSafeInteger(timestamp) && timestamp >= 0;
}

function remedyFor(timestamp: unknown): string {
  if (timestamp instanceof Date) return 'Write { timestamp: date.getTime() }.';
  if (typeof timestamp === 'number' && timestamp < 0) {
    return "No record is from before 1970: say 'earliest' for the beginning, 'latest' for the end.";
  }
  if (typeof timestamp === 'number') return 'Give a whole number below 2^53, such as Date.now().';
  return "Say 'earliest' for the beginning, 'latest' for the end.";
}
