import { ByteWriter } from './byte-writer.js';
import type { ProducerIdentity } from './init-producer-id.js';
import type { PartsRequest } from './protocol-request.js';
import { decodeOneError, type OneError } from './transaction-answers.js';

/** AddOffsetsToTxn, version 2: the group's offsets share the outcome of the transaction. */
export function addOffsetsToTxnRequest(
  transactionalId: string,
  { id, epoch }: ProducerIdentity,
  groupId: string,
): PartsRequest<OneError> {
  return {
    apiKey: 25,
    apiVersion: 2,
    apiName: 'AddOffsetsToTxn',
    parts: [new ByteWriter(64).string(transactionalId).id64(id).int16(epoch).string(groupId).buffer],
    decode: decodeOneError,
  };
}
