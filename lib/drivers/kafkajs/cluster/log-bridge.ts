import { type logCreator, logLevel } from 'kafkajs';
import type { Logger } from '../../../logging/logger.js';

/**
 * Passes kafkajs's log on, one level lower: what it calls an error it mostly retries.
 *
 * Of an entry only the namespace, the broker and the message's constant beginning are kept. Its extra fields hold
 * stacks and buffers, and its messages end in those of errors, some of which quote a record
 * (src/producer/messageProducer.js: "Invalid message without value").
 */
export function logBridge(logger: Logger): logCreator {
  return () => entry => {
    const broker: unknown = entry.log['broker'];
    const fields = {
      driver: 'kafkajs',
      namespace: entry.namespace,
      ...(typeof broker === 'string' ? { broker } : {}),
    };
    const message = entry.log.message.split(':', 1)[0] ?? '';
    if (entry.level === logLevel.ERROR) logger.warn(fields, message);
    else if (entry.level === logLevel.WARN) logger.info(fields, message);
    else logger.debug(fields, message);
  };
}
