import { disregard } from '../base/disregard.js';
import { redactText } from '../card/redact-text.js';
import { fieldOf } from './field-of.js';

/** Deep enough for every chain that tells something; a circle ends here too. */
const mostLevels = 5;
const mostErrors = 10;

/**
 * What may be shown of an error that is not ours, as an error: its name, code and where it was thrown. Its message is
 * withheld, and so is all else that it carries: `JSON.parse`, validators, clients and users' functions quote what they
 * were given. Causes and the errors of an `AggregateError` are treated alike. Never throws.
 */
export function withheld(thrown: unknown, level = 0): Error {
  if (typeof thrown !== 'object' || thrown === null) {
    return named(new Error(`${typeof thrown} thrown; it is withheld`), 'Error', '');
  }
  // A promise that was thrown: it is dealt with here, and its rejection is not to end the process past the policy.
  disregard(thrown);
  const error = named(
    new Error('the message is withheld: it may quote a record'),
    nameOf(thrown) ?? 'Error',
    framesOf(thrown),
  );
  for (const key of ['code', 'type'] as const) {
    const value = fieldOf(thrown, key);
    if (typeof value === 'string') hidden(error, key, redactText(value));
    else if (key === 'code' && typeof value === 'number') hidden(error, key, shown(value));
  }
  if (typeof fieldOf(thrown, 'retriable') === 'boolean')
    hidden(error, 'retriable', fieldOf(thrown, 'retriable'));
  if (level === mostLevels) return error;
  const cause = fieldOf(thrown, 'cause');
  if (cause !== undefined) hidden(error, 'cause', withheld(cause, level + 1));
  const errors = listed(fieldOf(thrown, 'errors'));
  if (errors !== undefined) {
    hidden(
      error,
      'errors',
      errors.map(one => withheld(one, level + 1)),
    );
  }
  return error;
}

/** A number that looks like a card's is one, and becomes text. */
function shown(code: number): number | string {
  const text = redactText(String(code));
  return text === String(code) ? code : text;
}

/** The first of an array that may be a Proxy, or have getters. */
function listed(errors: unknown): unknown[] | undefined {
  try {
    if (!Array.isArray(errors)) return undefined;
    return Array.from({ length: Math.min(errors.length, mostErrors) }, (_, at) => errors[at] as unknown);
  } catch {
    return undefined;
  }
}

/** What can be said of a foreign error without quoting it: its name and its code, never its message. */
export function errorKind(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error;
  // Where no error of ours keeps it as its cause.
  disregard(error);
  const kind = nameOf(error) ?? 'Error';
  const code = fieldOf(error, 'code');
  return typeof code === 'string' ? `${kind} ${redactText(code)}` : kind;
}

function nameOf(error: object): string | undefined {
  const name = fieldOf(error, 'name');
  return typeof name === 'string' ? redactText(name) : undefined;
}

/** The lines of a stack below its message; a message may have lines of its own that look like them. */
function framesOf(error: object): string {
  const stack = fieldOf(error, 'stack');
  const message = fieldOf(error, 'message');
  if (typeof stack !== 'string' || typeof message !== 'string') return '';
  const below = stack.indexOf(message);
  // Without its message, which was changed later, a stack cannot be told from what it quotes.
  if (below < 0) return '';
  return stack
    .slice(below + message.length)
    .split('\n')
    .filter(line => /^ {4}at .*(?::\d+:\d+|<anonymous>|native|index \d+)\)?$/.test(line))
    .map(line => `\n${redactText(line)}`)
    .join('');
}

function named(error: Error, name: string, frames: string): Error {
  hidden(error, 'name', name);
  hidden(error, 'stack', `${name}: ${error.message}${frames}`);
  return error;
}

/** As the engine's own: not enumerable. */
function hidden(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable: false });
}
