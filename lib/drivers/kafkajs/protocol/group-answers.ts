import { errorType, passes } from './error-codes.js';

/** Throws where one of these is an error: as kafkajs's are, it is told by its `type`. */
export function refusePartitions(errorCodes: readonly number[]): void {
  const code = errorCodes.find(one => one !== 0);
  if (code === undefined) return;
  const type = errorType(code);
  throw Object.assign(new Error(`the coordinator refuses: ${type}`), {
    name: 'KafkaJSProtocolError',
    type,
    code,
    retriable: passes(type),
  });
}
