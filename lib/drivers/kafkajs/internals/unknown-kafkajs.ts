/** What becomes of a kafkajs that is another one inside. */
import { isKafkaRxError, KafkaRxError } from '../../../errors/errors.js';

/** Throws `CONFIGURATION` where the object has not all of these methods. */
export function requireMethods(what: string, object: object | undefined, names: readonly string[]): void {
  const methods = (object ?? {}) as Record<string, unknown>;
  if (!names.every(name => typeof methods[name] === 'function')) throw unknownKafkajs(what);
}

/** Tells by the message's beginning and not by its class: it may have come through kafkajs, which wraps it. */
const unknown = 'The installed kafkajs is not 2.2.4 inside';

export function unknownKafkajs(what: string): KafkaRxError {
  return new KafkaRxError('CONFIGURATION', `${unknown}: its ${what} is another`, {
    remedy:
      "Install kafkajs 2.2.4 exactly (npm install --save-exact kafkajs@2.2.4), or choose path: 'stock'.",
  });
}

/** Whether the fast path cannot be used with the kafkajs that is installed. */
export function isUnknownKafkajs(error: unknown): error is KafkaRxError {
  return isKafkaRxError(error, 'CONFIGURATION') && error.message.startsWith(unknown);
}
