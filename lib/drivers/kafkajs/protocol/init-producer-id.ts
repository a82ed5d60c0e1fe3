import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import type { PartsRequest, Throttled } from './protocol-request.js';

/** Whom the brokers take batches from, to know those that they have already. */
export interface ProducerIdentity {
  readonly id: bigint;
  readonly epoch: number;
}

export interface InitProducerIdResponse extends Throttled {
  readonly errorCode: number;
  readonly identity: ProducerIdentity;
}

/** InitProducerId, version 1, of a producer without transactions: any broker gives an id that nobody else has. */
export function initProducerIdRequest(): PartsRequest<InitProducerIdResponse> {
  return {
    apiKey: 22,
    apiVersion: 1,
    apiName: 'InitProducerId',
    // No transactional id, and so no transaction that could time out.
    parts: [new ByteWriter(8).string(null).int32(60_000).buffer],
    decode(payload) {
      const reader = new ByteReader(payload);
      const clientSideThrottleTime = reader.int32();
      const errorCode = reader.int16();
      return { clientSideThrottleTime, errorCode, identity: { id: reader.id64(), epoch: reader.int16() } };
    },
  };
}
