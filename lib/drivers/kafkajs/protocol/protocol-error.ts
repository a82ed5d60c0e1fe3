import { passes } from './error-codes.js';

/** What a broker has answered a request of our own with: as kafkajs's errors are, it is told by its `type`, and never by its message. */
export function protocolError(
  what: string,
  type: string,
  details: { readonly code?: number; readonly cause?: unknown } = {},
): Error {
  return Object.assign(new Error(what), {
    name: 'KafkaJSProtocolError',
    type,
    retriable: passes(type),
    ...details,
  });
}
