import type { SASLOptions } from 'kafkajs';
import { KafkaRxError } from '../../../errors/errors.js';
import { readSecret, type Secret } from './secret.js';

type Password = 'plain' | 'scram-sha-256' | 'scram-sha-512';

/**
 * Who this client is. `oauthbearer` and `aws` are kafkajs's own: the provider of tokens is called for each connection,
 * and keeps and renews them itself.
 *
 * @category Drivers @since 0.1.0
 */
export type Sasl =
  | { readonly mechanism: Password; readonly username: Secret; readonly password: Secret }
  | Extract<SASLOptions, { mechanism: 'oauthbearer' | 'aws' }>;

const mechanisms: readonly string[] = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer', 'aws'];

/** What kafkajs reads name and password from, at each authentication; printed, it shows neither. */
class Credentials {
  readonly mechanism: Password;
  readonly #username: Secret;
  readonly #password: Secret;

  constructor(mechanism: Password, username: Secret, password: Secret) {
    this.mechanism = mechanism;
    this.#username = username;
    this.#password = password;
  }

  get username(): string {
    return readSecret('sasl.username', this.#username);
  }

  get password(): string {
    return readSecret('sasl.password', this.#password);
  }
}

/** As kafkajs takes it. Throws `CONFIGURATION` for a mechanism that there is not. */
export function saslOf(sasl: Sasl | undefined): SASLOptions | undefined {
  if (sasl === undefined) return undefined;
  if (!mechanisms.includes(sasl.mechanism)) {
    throw new KafkaRxError('CONFIGURATION', 'kafkajs({ sasl }) names no mechanism that there is', {
      remedy: `Choose one of ${mechanisms.join(', ')}.`,
    });
  }
  if (sasl.mechanism === 'oauthbearer' || sasl.mechanism === 'aws') return sasl;
  const { mechanism, username, password } = sasl;
  return new Credentials(mechanism, username, password);
}
