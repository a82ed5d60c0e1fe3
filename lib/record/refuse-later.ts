import { isUint8Array } from 'node:util/types';
import { disregard } from '../base/disregard.js';
import { type ErrorCode, KafkaRxError } from '../errors/errors.js';
import { laterKind } from './later-kind.js';

/** A literal with a `then` of its own is what only tests write: in production no time is spent on it. */
const looksAtLiterals = process.env['NODE_ENV'] !== 'production';

/**
 * What a synchronous function gave must be there: a promise, an Observable or an async iterable is awaited by nobody, and the
 * record's offset would be committed before, or without, what it stands for. So it is with a list of promises, as `map` makes it
 * of an async function; by its first, since a list may be long.
 *
 * On the way of every record: one look at bytes and, in production, at a literal; three more at anything else (30 ns where many shapes meet).
 *
 * @param remedy where mapAsync and app.each cannot be used in its place
 * @throws `code`, by default `PROCESS`, without coordinates: who calls the function knows the record
 */
export function refuseLater(value: unknown, code: ErrorCode = 'PROCESS', remedy: string = useMapAsync): void {
  // Short, so that it becomes a part of what calls it.
  if (typeof value === 'string' || isUint8Array(value)) return;
  lookAt(value, code, remedy);
}

function lookAt(value: unknown, code: ErrorCode, remedy: string): void {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return;
  if (!looksAtLiterals && value.constructor === Object) return;
  const kind = laterKind(value);
  if (kind !== undefined) refuse(value, kind, code, remedy);
  if (Array.isArray(value) && isThenable(value[0])) refuse(value, 'a list of promises', code, remedy);
}

function refuse(value: unknown, kind: string, code: ErrorCode, remedy: string): never {
  // Its rejection is not to end the process past the policy.
  disregard(value);
  throw new KafkaRxError(code, `A synchronous function gave ${kind}, which nobody waits for`, {
    remedy,
  });
}

export const useMapAsync =
  'Use mapAsync for what takes time, or app.each at the end of a stream: both wait for the promise, and for several in ' +
  'a Promise.all';

function isThenable(item: unknown): boolean {
  return typeof item === 'object' && item !== null && 'then' in item && typeof item.then === 'function';
}
