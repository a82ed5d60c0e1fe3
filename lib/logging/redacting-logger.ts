import { redactText } from '../card/redact-text.js';
import { hearOut } from './hear-out.js';
import { type LogFields, type Logger, silentLogger } from './logger.js';

/**
 * The logger that an app and its driver are given: what passes has no card number, in the message or in a field. Nothing
 * of ours puts one there; names of topics and what a client says of itself are not ours. A logger that throws or rejects stops nothing: its line
 * is lost.
 */
export function redactingLogger(logger: Logger): Logger {
  if (logger === silentLogger) return logger;
  const at =
    (level: keyof Logger) =>
    (fields: LogFields, message: string): void => {
      // What it throws: to whom could it be told? The app goes on as it would with any other logger.
      hearOut(
        () => logger[level](redacted(fields), redactText(message)),
        () => {},
      );
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function redacted(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, shown(value)]));
}

function shown(value: LogFields[string]): LogFields[string] {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'number') return value;
  // An offset or a count stays a number.
  const text = redactText(String(value));
  return text.includes('x') ? text : value;
}
