/** What a store files a document under, taken from the document by the user's selectors. */
import { errorKind, isKafkaRxError, KafkaRxError } from '../errors/errors.js';
import { coordinates } from './document-source.js';
import type { Document, StoreOptions, TimeRange } from './port.js';

/** Milliseconds since 1970. @throws {KafkaRxError} `STORE`, with the document's coordinates */
export function timeOf<V>(document: Document<V>, { time }: StoreOptions<V>, where: string): number {
  const value = time === undefined ? document.timestamp : selected(document, where, 'time', time).getTime();
  if (Number.isFinite(value)) return value;
  throw new KafkaRxError('STORE', `${where} was given no valid time for a document`, {
    at: coordinates(document.source),
    remedy:
      time === undefined
        ? "Give the record a timestamp, or the store the option 'time'"
        : "Have 'time' return a valid Date",
  });
}

/** Undefined without the option `customer`. @throws {KafkaRxError} `STORE`, with the document's coordinates */
export function customerOf<V>(
  document: Document<V>,
  { customer }: StoreOptions<V>,
  where: string,
): string | undefined {
  if (customer === undefined) return undefined;
  const value = selected(document, where, 'customer', customer);
  if (typeof value === 'string') return value;
  throw new KafkaRxError('STORE', `${where} was given a customer that is not a string`, {
    at: coordinates(document.source),
    remedy: "Have 'customer' return a string",
  });
}

/** A {@link TimeRange} in milliseconds since 1970. */
export interface Bounds {
  readonly from?: number;
  readonly to?: number;
}

/** Milliseconds since 1970, from inclusive, to exclusive. @throws {KafkaRxError} `STORE` for an invalid date */
export function bounds(range: TimeRange | undefined, where: string): Bounds {
  const from = range?.from?.getTime();
  const to = range?.to?.getTime();
  if (Number.isNaN(from) || Number.isNaN(to)) {
    throw new KafkaRxError('STORE', `${where} was asked for a time range with an invalid date`, {
      remedy: "Give 'from' and 'to' as valid Dates, or leave them out",
    });
  }
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

function selected<V, R>(document: Document<V>, where: string, name: string, select: (value: V) => R): R {
  try {
    return select(document.value);
  } catch (error) {
    if (isKafkaRxError(error)) throw error;
    throw new KafkaRxError('STORE', `The option '${name}' of ${where} threw ${errorKind(error)}`, {
      at: coordinates(document.source),
      cause: error,
      remedy: `Correct '${name}', which is called with each document's value`,
    });
  }
}
