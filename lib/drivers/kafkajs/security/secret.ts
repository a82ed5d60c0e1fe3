import { readFileSync } from 'node:fs';
import { errorKind, KafkaRxError } from '../../../errors/errors.js';

/**
 * Where a secret is read from, each time that a connection needs it: a new one is taken up without a restart. A line
 * break at the end of a file is left out.
 *
 * @category Drivers @since 0.1.0
 */
export type SecretSource = { readonly env: string } | { readonly file: string } | (() => string);

/** A secret, or where it is read from. @category Drivers @since 0.1.0 */
export type Secret = string | SecretSource;

/** Reads it. Throws `CONFIGURATION`, which names the option and the place and never the secret. */
export function readSecret(option: string, secret: Secret): string {
  if (typeof secret === 'string') return secret;
  if (typeof secret === 'function') {
    const value: unknown = attempt(`the function of \`${option}\``, secret);
    if (typeof value === 'string') return value;
    throw new KafkaRxError('CONFIGURATION', `The function of \`${option}\` gives no text`);
  }
  if ('file' in secret) {
    const { file } = secret;
    return attempt(`the file ${file} of \`${option}\``, () => readFileSync(file, 'utf8')).replace(
      /\r?\n$/,
      '',
    );
  }
  const value = process.env[secret.env];
  if (value !== undefined && value !== '') return value;
  throw new KafkaRxError('CONFIGURATION', `The environment has no ${secret.env} for \`${option}\``, {
    remedy: 'Set it before the start.',
  });
}

/** Whether it is to be read, and no secret itself. */
export function isSource(value: unknown): value is SecretSource {
  if (typeof value === 'function') return true;
  return typeof value === 'object' && value !== null && ('env' in value || 'file' in value);
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
