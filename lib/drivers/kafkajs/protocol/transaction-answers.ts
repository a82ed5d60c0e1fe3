import type { TopicPartition } from '../../port.js';
import { ByteReader } from './byte-reader.js';
import type { Throttled } from './protocol-request.js';

/** An answer for each partition. */
export interface PartitionErrors extends Throttled {
  readonly results: readonly (TopicPartition & { readonly errorCode: number })[];
}

/** An answer for the whole. */
export interface OneError extends Throttled {
  readonly errorCode: number;
}

/** Of AddOffsetsToTxn and EndTxn, before their flexible versions. */
export function decodeOneError(payload: Buffer): OneError {
  const reader = new ByteReader(payload);
  return { clientSideThrottleTime: reader.int32(), errorCode: reader.int16() };
}
