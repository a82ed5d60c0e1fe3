import { readFileSync } from 'node:fs';
import { anyText, call, either, required, secret, shape, text } from '../../../base/option-kinds.js';
import { shownVariable } from '../../../base/shown-variable.js';
import { errorKind, KafkaRxError } from '../../../errors/errors.js';
import { fieldOf } from '../../../errors/field-of.js';

/**
 * Where a secret is read from, each time that a connection needs it: a new one is taken up without a restart. A line
 * break at the end of a file is left out.
 *
 * @category Drivers @since 0.1.0
 */
export type SecretSource = { readonly env: string } | { readonly file: string } | (() => string);

/** A secret, or where it is read from. @category Drivers @since 0.1.0 */
export type Secret = string | SecretSource;

export const sourceKind = secret(
  either(call, shape({ env: required(text) }), shape({ file: required(text) })),
);

export const secretKind = secret(either(anyText, sourceKind));

/** Reads it. Throws `CONFIGURATION`, which names the option and the place and never the secret. */
export function readSecret(option: string, given: Secret): string {
  if (typeof given === 'string') return given;
  if (typeof given === 'function') {
    const value: unknown = attempt(`the function of \`${option}\``, given);
    if (typeof value === 'string') return value;
    throw new KafkaRxError('CONFIGURATION', `The function of \`${option}\` gives no text`);
  }
  // Whatever was given: a Proxy, or a getter, may throw when it is asked, and what it throws may hold the secret.
  const file = fieldOf(given, 'file');
  if (typeof file === 'string') {
    return attempt(`the file ${shownFile(file)} of \`${option}\``, () => readFileSync(file, 'utf8')).replace(
      /\r?\n$/,
      '',
    );
  }
  const env = fieldOf(given, 'env');
  if (typeof env !== 'string') {
    throw new KafkaRxError('CONFIGURATION', `\`${option}\` is no text and names no place to read it from`, {
      remedy: 'Give text, a function that gives it, { env } or { file }',
    });
  }
  const value = process.env[env];
  if (value !== undefined && value !== '') return value;
  throw new KafkaRxError('CONFIGURATION', `The environment has no ${shownVariable(env)} for \`${option}\``, {
    remedy: 'Set it before the start.',
  });
}

/** Whether it is to be read, and no secret itself. */
export function isSource(value: unknown): value is SecretSource {
  if (typeof value === 'function') return true;
  return typeof value === 'object' && value !== null && ('env' in value || 'file' in value);
}

/** What cannot be the name of a file is what one should have held. */
function shownFile(file: string): string {
  return /[\r\n]/.test(file) || file.length > 255 ? '(not shown: it may be the secret itself)' : file;
}

function attempt(what: string, read: () => string): string {
  try {
    return read();
  } catch (cause) {
    throw new KafkaRxError('CONFIGURATION', `A secret cannot be read from ${what}: ${errorKind(cause)}`, {
      cause,
    });
  }
}
