import type { ConnectionOptions } from 'node:tls';
import { kind, secret } from '../../../base/option-kinds.js';
import { faultIn, isPlainObject, type Kind } from '../../../base/option-schema.js';
import { isSource, readSecret, type SecretSource, sourceKind } from './secret.js';

/** The options that may be read from elsewhere. */
const readable = ['ca', 'cert', 'key', 'passphrase'] as const;
type Readable = (typeof readable)[number];

/**
 * Node's options of `tls.connect`, of which the PEM texts and the passphrase may be read from a file, the environment
 * or a function, anew for each connection.
 *
 * @category Drivers @since 0.1.0
 */
export type Tls = Omit<ConnectionOptions, Readable> & {
  readonly [K in Readable]?: ConnectionOptions[K] | SecretSource;
};

const readableKind = kind('PEM text, bytes, a list of these, { env }, { file } or a function', value => {
  if (typeof value === 'string' || value instanceof Uint8Array || Array.isArray(value)) return true;
  return sourceKind.fault(value) === undefined;
});

/** What may be read from elsewhere is looked at here; of the rest Node says what is wrong. */
export const tlsKind: Kind = secret(
  kind('true, false or options of tls.connect', ssl => {
    if (typeof ssl === 'boolean') return true;
    if (!isPlainObject(ssl)) return false;
    for (const name of readable) {
      const fault = faultIn(name, readableKind, ssl[name]);
      if (fault !== undefined) return fault;
    }
    return true;
  }),
);

/** What one connection uses; undefined for none. Throws `CONFIGURATION` where something cannot be read. */
export function tlsOptions(ssl: boolean | Tls): ConnectionOptions | undefined {
  if (ssl === false) return undefined;
  if (ssl === true) return {};
  const read: { [K in Readable]?: string } = {};
  for (const name of readable) {
    const value = ssl[name];
    if (isSource(value)) read[name] = readSecret(`ssl.${name}`, value);
  }
  // Every source was replaced by what it gave.
  return { ...ssl, ...read } as ConnectionOptions;
}
