import type { SASLOptions } from 'kafkajs';
import { anyText, call, kind, oneOf, required, secret } from '../../../base/option-kinds.js';
import { type FieldKinds, faultIn, faultOf, isPlainObject, type Kind } from '../../../base/option-schema.js';
import { readSecret, type Secret, secretKind } from './secret.js';

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

const mechanism = required(oneOf('plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer', 'aws'));
const withPassword: FieldKinds = {
  mechanism,
  username: required(secretKind),
  password: required(secretKind),
};
/** kafkajs's own: it calls the one, and reads the others as they are. */
const others: Readonly<Record<string, FieldKinds>> = {
  oauthbearer: { mechanism, oauthBearerProvider: required(call) },
  aws: {
    mechanism,
    authorizationIdentity: required(anyText),
    accessKeyId: required(anyText),
    secretAccessKey: required(anyText),
    sessionToken: anyText,
  },
};

/** Of each mechanism its own options. All of it is secret: names and passwords come in at the wrong place too. */
export const saslKind: Kind = secret(
  kind('{ mechanism, … }', sasl => {
    if (!isPlainObject(sasl)) return false;
    const fault = faultIn('mechanism', mechanism, sasl['mechanism']);
    return fault ?? faultOf(others[String(sasl['mechanism'])] ?? withPassword, sasl);
  }),
);

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

/** As kafkajs takes it. */
export function saslOf(sasl: Sasl | undefined): SASLOptions | undefined {
  if (sasl === undefined) return undefined;
  if (sasl.mechanism === 'oauthbearer' || sasl.mechanism === 'aws') return sasl;
  const { mechanism, username, password } = sasl;
  return new Credentials(mechanism, username, password);
}
