import { ByteWriter } from './byte-writer.js';
import type { ProducerIdentity } from './init-producer-id.js';
import type { PartsRequest } from './protocol-request.js';
import { decodeOneError, type OneError } from './transaction-answers.js';

/**
 * EndTxn, version 2. The last one under which a transaction ends without a new epoch of its producer, so that sequences
 * go on from one to the next.
 */
export function endTxnRequest(
  transactionalId: string,
  { id, epoch }: ProducerIdentity,
  outcome: 'commit' | 'abort',
): PartsRequest<OneError> {
  return {
    apiKey: 26,
    apiVersion: 2,
    apiName: 'EndTxn',
    parts: [
      new ByteWriter(64)
        .string(transactionalId)
        .id64(id)
        .int16(epoch)
        .boolean(outcome === 'commit').buffer,
    ],
    decode: decodeOneError,
  };
}
