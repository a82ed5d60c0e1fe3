import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import type { PartsRequest, Throttled } from './protocol-request.js';

/** Whom the brokers take batches from, to know those that they have already. */
export interface ProducerIdentity {
  readonly id: bigint;
  readonly epoch: number;
  /** Whether its batches belong to transactions. */
  readonly transactional?: boolean | undefined;
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

/** Whom a producer asks as: the identity that it has, or none yet. */
export interface TransactionalProducer {
  readonly transactionalId: string;
  /** Milliseconds after which the coordinator aborts a transaction by itself. */
  readonly timeoutMs: number;
  /** Undefined at the opening, which fences whoever has the id; else only its owner's epoch is raised (KIP-360). */
  readonly current: ProducerIdentity | undefined;
}

/**
 * InitProducerId, version 4, of a producer with transactions. A flexible version: the tag section that ends its request
 * header stands here as the first byte of the body, that of the response header is skipped.
 */
export function initTransactionalIdRequest({
  transactionalId,
  timeoutMs,
  current,
}: TransactionalProducer): PartsRequest<InitProducerIdResponse> {
  const body = new ByteWriter(64).noTags().compactString(transactionalId).int32(timeoutMs);
  return {
    apiKey: 22,
    apiVersion: 4,
    apiName: 'InitProducerId',
    parts: [
      body
        .id64(current?.id ?? -1n)
        .int16(current?.epoch ?? -1)
        .noTags().buffer,
    ],
    decode(payload) {
      const reader = new ByteReader(payload);
      reader.skipTags();
      const clientSideThrottleTime = reader.int32();
      const errorCode = reader.int16();
      const identity = { id: reader.id64(), epoch: reader.int16(), transactional: true };
      return { clientSideThrottleTime, errorCode, identity };
    },
  };
}
