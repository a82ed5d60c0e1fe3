/** What a store files a document under, taken from the document by the user's selectors. */
import { isoInstant } from '../base/iso-instant.js';
import { errorKind, isKafkaRxError, KafkaRxError } from '../errors/errors.js';
import { coordinates } from './document-source.js';
import type { Document, IndexOf, StoreOptions, TimeRange } from './port.js';

/** An index that the user named. */
export interface NamedIndex<V> {
  readonly name: string;
  readonly of: IndexOf<V>;
}

/** Where one document is to be found in one index. */
export interface Filing {
  readonly index: string;
  readonly term: string;
}

/** The indexes of a store, in the order in which they were named. */
export function indexesOf<V>({ by }: StoreOptions<V>): readonly NamedIndex<V>[] {
  return Object.entries<IndexOf<V>>(by ?? {}).map(([name, of]) => ({ name, of }));
}

/** Milliseconds since 1970. @throws {KafkaRxError} `STORE`, with the document's coordinates */
export function timeOf<V>(document: Document<V>, { time }: StoreOptions<V>, where: string): number {
  if (time === undefined) {
    if (Number.isFinite(document.timestamp)) return document.timestamp;
    throw refused(
      document,
      `${where} was handed a document without a time`,
      "Give the store the option 'time'",
    );
  }
  const value: unknown = selected(document, where, 'time', time);
  const at =
    value instanceof Date ? value.getTime() : typeof value === 'string' ? isoInstant(value) : undefined;
  if (at !== undefined && Number.isFinite(at)) return at;
  throw refused(
    document,
    `The option 'time' of ${where} gave ${kindOf(value)}, which is no point in time`,
    "Have 'time' return a valid Date, or ISO 8601 text with an offset such as 1997-01-02T10:00:00Z",
  );
}

/** @throws {KafkaRxError} `STORE`, with the document's coordinates */
export function filingsOf<V>(
  document: Document<V>,
  indexes: readonly NamedIndex<V>[],
  where: string,
): readonly Filing[] {
  if (indexes.length === 0) return nowhere;
  const filings: Filing[] = [];
  for (const { name, of } of indexes) {
    const term: unknown = selected(document, where, `by.${name}`, of);
    if (term === undefined) continue;
    if (typeof term !== 'string') {
      throw refused(
        document,
        `The index '${name}' of ${where} was given ${kindOf(term)} in place of text`,
        `Have 'by.${name}' return a string, or undefined for a document that it does not file`,
      );
    }
    filings.push({ index: name, term });
  }
  return filings;
}

const nowhere: readonly Filing[] = [];

/** A {@link TimeRange} in milliseconds since 1970. */
export interface Bounds {
  readonly from?: number;
  readonly to?: number;
}

/** Milliseconds since 1970, from inclusive, to exclusive. @throws {KafkaRxError} `STORE` for an invalid date */
export function bounds(range: TimeRange | undefined, where: string): Bounds {
  const from = edge(range?.from, 'from', where);
  const to = edge(range?.to, 'to', where);
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

function edge(date: unknown, name: string, where: string): number | undefined {
  if (date === undefined) return undefined;
  const at = date instanceof Date ? date.getTime() : Number.NaN;
  if (Number.isFinite(at)) return at;
  throw new KafkaRxError('STORE', `${where} was asked for a time range whose '${name}' is no valid Date`, {
    remedy: `Give '${name}' as a valid Date, or leave it out`,
  });
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

function refused({ source }: Document<unknown>, what: string, remedy: string): KafkaRxError {
  return new KafkaRxError('STORE', what, { at: coordinates(source), remedy });
}

/** What it is, without what it says. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value instanceof Date) return 'an invalid Date';
  if (value instanceof Promise) return 'a promise';
  if (typeof value === 'string') return 'text';
  return typeof value === 'object' ? 'an object' : `a value of type ${typeof value}`;
}
