import { KafkaRxError } from '../errors/errors.js';
import type { Headers } from './headers.js';
import { disregardOutgoing, readHeaders } from './outgoing.js';
import { refuseLater } from './refuse-later.js';

/**
 * What `withHeaders` was given, as plain data. Refused there, since an allow-list at a sink would drop what has no proper name without
 * a word, and what else is wrong would be laid at the sink's own functions.
 *
 * @throws `PROCESS`, also for what comes later, without coordinates: who calls the function knows the record
 */
export function givenHeaders(headers: Headers): Headers {
  const read = readHeaders(headers);
  if (typeof read !== 'string') return read;
  refuseLater(headers);
  disregardOutgoing(null, null, headers, 0);
  throw new KafkaRxError('PROCESS', `withHeaders was given what no record can have: ${read}`, {
    remedy:
      'Give it an array of { key: text, value: bytes or null }, such as [...record.headers, { key, value }]; [] for none',
  });
}
