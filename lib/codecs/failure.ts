import { type Coordinates, type DecodeRule, KafkaRxError } from '../errors/errors.js';

/**
 * The errors of codecs. No `cause` is kept: what lies beneath (`JSON.parse`'s SyntaxError, a validator's error) may
 * quote the input, and the input may hold a card number.
 */

/** @internal Bytes that are not what the codec demands: code `DECODE`, with the rule and the record's coordinates. */
export function decodeFailure(
  codec: string,
  rule: DecodeRule,
  what: string,
  at: Coordinates,
  path?: string,
): KafkaRxError {
  return new KafkaRxError('DECODE', `${codec} cannot decode the record: ${what}`, {
    at,
    path,
    rule,
    remedy: "Repair the producer, or give the source a decode policy of 'skip' or 'dead-letter'",
  });
}

/** @internal A value that the codec cannot write: code `ENCODE`. */
export function encodeFailure(
  codec: string,
  what: string,
  path?: string,
  remedy = 'Make the value fit the codec before the sink, or choose another codec for this sink',
): KafkaRxError {
  return new KafkaRxError('ENCODE', `${codec} cannot encode what it was given: ${what}`, { path, remedy });
}
