/** What a store files a document under, taken from the document by the user's selectors. */
import { disregard } from '../base/disregard.js';
import { isoInstant } from '../base/iso-instant.js';
import { kind } from '../base/option-kinds.js';
import { type Fields, faultOf } from '../base/option-schema.js';
import { errorKind, isKafkaRxError, KafkaRxError } from '../errors/errors.js';
import { farFuture } from '../record/far-future.js';
import { coordinates } from './document-source.js';
import type { Document, IndexOf, StoreOptions, TimeRange, WriteGuard } from './port.js';

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
export function timeOf<V>(
  document: Document<V>,
  { time }: StoreOptions<V>,
  where: string,
  guard?: WriteGuard,
): number {
  if (time === undefined) {
    // + 0: -0 is the same time as 0, here as on disk.
    if (Number.isFinite(document.timestamp)) return looked(document.timestamp + 0, document, guard);
    throw refused(
      document,
      `${where} was handed a document without a time`,
      "Give the store the option 'time'",
    );
  }
  const value: unknown = selected(document, where, 'time', time);
  const at =
    value instanceof Date ? value.getTime() : typeof value === 'string' ? isoInstant(value) : undefined;
  if (at !== undefined && Number.isFinite(at)) return looked(at, document, guard);
  disregard(value);
  throw refused(
    document,
    `The option 'time' of ${where} gave ${kindOf(value)}, which is no point in time`,
    "Have 'time' return a valid Date, or ISO 8601 text with an offset such as 1997-01-02T10:00:00Z",
  );
}

function looked(at: number, document: Document<unknown>, guard: WriteGuard | undefined): number {
  if (at >= farFuture) guard?.checkText(String(at), document);
  return at;
}

/** @throws {KafkaRxError} `STORE`, with the document's coordinates */
export function filingsOf<V>(
  document: Document<V>,
  indexes: readonly NamedIndex<V>[],
  where: string,
  guard?: WriteGuard,
): readonly Filing[] {
  if (indexes.length === 0) return nowhere;
  const filings: Filing[] = [];
  for (const { name, of } of indexes) {
    const term: unknown = selected(document, where, `by.${name}`, of);
    if (term === undefined) continue;
    if (typeof term !== 'string') {
      disregard(term);
      throw refused(
        document,
        `The index '${name}' of ${where} was given ${kindOf(term)} in place of text`,
        `Have 'by.${name}' return a string, or undefined for a document that it does not file`,
      );
    }
    guard?.checkText(term, document);
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

const moment = kind('a valid Date', at => at instanceof Date && Number.isFinite(at.getTime()));
const rangeFields: Fields<TimeRange> = { from: moment, to: moment };

/**
 * Milliseconds since 1970, from inclusive, to exclusive.
 *
 * @throws {KafkaRxError} `STORE` for what is no range: a name misspelt would be a bound left out, and a Date one of no bounds
 */
export function bounds(range: TimeRange | undefined, where: string): Bounds {
  if (range === undefined) return {};
  const given: unknown = range;
  const isNone = typeof given !== 'object' || given === null || Array.isArray(given) || given instanceof Date;
  const fault = isNone
    ? { path: '', what: `must be an object with from and to, and is ${kindOf(given)}`, remedy: undefined }
    : faultOf(rangeFields, given);
  if (fault === undefined) {
    const [from, to] = [range.from?.getTime(), range.to?.getTime()];
    return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  }
  const { path, what, remedy = "Give 'from' and 'to' as valid Dates, or leave them out" } = fault;
  const place = path === '' ? 'which' : `whose ${path}`;
  throw new KafkaRxError('STORE', `${where} was asked for a time range ${place} ${what}`, { remedy });
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
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : 'a Date';
  if (value instanceof Promise) return 'a promise';
  if (typeof value === 'string') return 'text';
  return typeof value === 'object' ? 'an object' : `a value of type ${typeof value}`;
}
