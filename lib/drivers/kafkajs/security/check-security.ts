import type { Logger } from '../../../logging/logger.js';
import type { Settings } from '../options.js';
import { tlsOptions } from './tls.js';

/**
 * Reads every secret once, so that one that is missing fails the start and not the tenth reconnect, and warns of what
 * is no protection.
 */
export function checkSecurity({ ssl, sasl }: Pick<Settings, 'ssl' | 'sasl'>, logger: Logger): void {
  const tls = tlsOptions(ssl);
  if (sasl !== undefined && 'username' in sasl) [sasl.username, sasl.password].map(String);
  if (tls?.rejectUnauthorized === false) {
    logger.warn({ option: 'ssl' }, 'rejectUnauthorized is false: whoever answers is taken for the broker');
  }
  if (tls === undefined && sasl?.mechanism === 'plain') {
    logger.warn({ option: 'sasl' }, 'PLAIN without TLS: the password goes over the network as it is');
  }
}
