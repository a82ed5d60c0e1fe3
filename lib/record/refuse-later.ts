import { type ErrorCode, KafkaRxError } from '../errors/errors.js';

/** A literal with a `then` of its own is what only tests write: in production no time is spent on it. */
const looksAtLiterals = process.env['NODE_ENV'] !== 'production';

/**
 * What a synchronous function gave must be there: a promise, an Observable or an async iterable is awaited by nobody, and the
 * record's offset would be committed before, or without, what it stands for.
 *
 * On the way of every record: in production one look at a literal, three at anything else (30 ns where many shapes meet).
 *
 * @throws `code`, by default `PROCESS`, without coordinates: who calls the function knows the record
 */
export function refuseLater(value: unknown, code: ErrorCode = 'PROCESS'): void {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return;
  if (!looksAtLiterals && value.constructor === Object) return;
  // Any object may be asked for a field that it does not have.
  const { then, subscribe, [Symbol.asyncIterator]: iterate } = value as Partial<Record<PropertyKey, unknown>>;
  if (typeof then !== 'function' && typeof subscribe !== 'function' && typeof iterate !== 'function') return;
  // Its rejection is not to end the process past the policy. Other thenables may begin their work only when asked: not here.
  if (value instanceof Promise) value.catch(() => {});
  const kind =
    typeof then === 'function'
      ? 'a promise'
      : typeof subscribe === 'function'
        ? 'an Observable'
        : 'an async iterable';
  throw new KafkaRxError(code, `A synchronous function gave ${kind}, which nobody waits for`, {
    remedy: 'Use mapAsync for what takes time, or app.each at the end of a stream: both wait for the promise',
  });
}
