import { redact } from '../card/redact.js';
import { type LogFields, type Logger, silentLogger } from './logger.js';

/**
 * The logger that an app and its driver are given: what passes has no card number, in the message or in a field. Nothing
 * of ours puts one there; names of topics and what a client says of itself are not ours.
 */
export function redactingLogger(logger: Logger): Logger {
  if (logger === silentLogger) return logger;
  return {
    debug: (fields, message) => logger.debug(redacted(fields), redact(message)),
    info: (fields, message) => logger.info(redacted(fields), redact(message)),
    warn: (fields, message) => logger.warn(redacted(fields), redact(message)),
    error: (fields, message) => logger.error(redacted(fields), redact(message)),
  };
}

function redacted(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, shown(value)]));
}

function shown(value: LogFields[string]): LogFields[string] {
  if (typeof value === 'string') return redact(value);
  if (typeof value !== 'number') return value;
  // An offset or a count stays a number.
  const text = redact(String(value));
  return text.includes('x') ? text : value;
}
