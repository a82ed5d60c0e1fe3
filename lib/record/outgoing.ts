import { isUint8Array } from 'node:util/types';
import { disregard } from '../base/disregard.js';
import { sayTrueLength } from '../base/true-bytes.js';
import { type Header, type Headers, noHeaders } from './headers.js';

/**
 * Whether Kafka has a place for what is about to be appended: the one check of sinks, dead letters and drivers. The types
 * say the same; JavaScript, a cast or a codec of somebody else's need not keep to them.
 *
 * - key and value: bytes (a Buffer, or any Uint8Array, that say the length that they have) or null; text, a DataView, bytes of
 *   16 bits are not
 * - headers: an array of `{ key, value }`; the key well-formed text, which may be empty and may be there twice; the value
 *   bytes or null, and not undefined
 * - timestamp: whole milliseconds since 1970, from 0 up to 2^53 - 1
 *
 * @returns the headers as plain data: they were read once, and what was checked is what is written. Text says what is
 *   wrong, and never what key, value or headers hold
 */
export function outgoing(
  key: Buffer | null,
  value: Buffer | null,
  headers: Headers,
  timestamp: number,
): Headers | string {
  // As most records are; short, so that it is a part of what calls it.
  if (headers === noHeaders && fits(value) && fits(key) && isTime(timestamp)) return headers;
  const checked = check(key, value, headers, timestamp);
  if (typeof checked === 'string') disregardOutgoing(key, value, headers, timestamp);
  return checked;
}

/** None of it is written: of promises among it, one was told and the others are dropped. */
export function disregardOutgoing(key: unknown, value: unknown, headers: unknown, timestamp: unknown): void {
  // The headers last, so that the others are looked at in any case: these may be of no end.
  const parts: unknown[] = [headers, key, value, timestamp];
  try {
    const length = Array.isArray(headers) ? headers.length : 0;
    for (let at = 0; at < length && at < mostHeaders; at++) {
      const header = (headers as readonly HeaderLike[])[at];
      parts.push(header?.key, header?.value);
    }
  } catch {
    // What cannot be read has been told.
  }
  disregard(parts);
}

/** Whatever it is, in fact. */
type HeaderLike = { readonly key?: unknown; readonly value?: unknown } | null | undefined;

function check(
  key: Buffer | null,
  value: Buffer | null,
  headers: Headers,
  timestamp: number,
): Headers | string {
  if (!fits(value)) return `its value is ${unfit(value)}`;
  if (!fits(key)) return `its key is ${unfit(key)}`;
  if (!isTime(timestamp)) {
    return `its timestamp is ${told(timestamp)}, no whole number of milliseconds since 1970`;
  }
  return readHeaders(headers);
}

function fits(part: unknown): boolean {
  return isUint8Array(part) ? sayTrueLength(part) : part === null;
}

function unfit(part: unknown): string {
  return isUint8Array(part) ? anotherLength : `${named(part)}, neither bytes nor null`;
}

/** What is written of them would be other memory too, or not all of them. */
export const anotherLength =
  'bytes that say another length than they have (a plain Buffer or Uint8Array does not)';

function isTime(timestamp: unknown): boolean {
  return Number.isSafeInteger(timestamp) && (timestamp as number) >= 0;
}

/** No record that a broker takes has room for more. */
const mostHeaders = 1_000_000;

/** Headers as plain data, or what is wrong with them: see {@link outgoing}. */
export function readHeaders(headers: unknown): Headers | string {
  if (!Array.isArray(headers)) return `its headers are ${named(headers)}, no array`;
  const plain: Header[] = [];
  try {
    const { length } = headers;
    if (length > mostHeaders) return `it has more than ${mostHeaders} headers`;
    // By number: an iterator of its own need not end.
    for (let at = 0; at < length; at++) {
      const header: unknown = headers[at];
      if (typeof header !== 'object' || header === null) return `header ${at} is ${named(header)}`;
      const { key, value }: { readonly key?: unknown; readonly value?: unknown } = header;
      if (typeof key !== 'string') return `the key of header ${at} is ${named(key)}, no text`;
      if (loneSurrogate.test(key))
        return `the key of header ${at} holds half a character, which has no UTF-8 form`;
      if (!fits(value)) {
        return `the value of header ${at} is ${unfit(value)}`;
      }
      // Any 8-bit bytes will do for what reads them from here on.
      plain.push({ key, value: value as Buffer | null });
    }
  } catch {
    return 'its headers cannot be read';
  }
  return plain.length === 0 ? noHeaders : plain;
}

const loneSurrogate = /\p{Surrogate}/u;

/** What sort of thing it is, without a word of what it holds. */
function named(thing: unknown): string {
  if (thing === null || thing === undefined) return String(thing);
  if (typeof thing !== 'object') return `a ${typeof thing}`;
  if (disregard(thing)) return 'a promise (what is asynchronous belongs before the sink, into mapAsync)';
  return Array.isArray(thing) ? 'an array' : 'an object';
}

/** A number is no record's secret; of anything else the type has to do. */
function told(timestamp: unknown): string {
  return typeof timestamp === 'number' ? String(timestamp) : named(timestamp);
}
