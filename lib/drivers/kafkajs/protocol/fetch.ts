import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import type { ProtocolRequest, Throttled } from './protocol-request.js';
import type { AbortedTransaction } from './record-batch-reader.js';

/** One partition to fetch from an offset on. */
export interface FetchPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** What came of one partition. */
export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches, undecoded; shared with the whole response. */
  readonly records: Buffer;
}

export interface FetchOptions {
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
  readonly readCommitted: boolean;
}

export interface FetchResponse extends Throttled {
  readonly errorCode: number;
  readonly partitions: readonly FetchedPartition[];
}

const nothing = Buffer.alloc(0);

/**
 * Fetch, version 11: the last one that is not flexible, understood by brokers from 2.3 on. Our own, since
 * kafkajs's drops the last stable offset and the log's start, and fails the whole response with the error of its
 * first failing partition (src/protocol/requests/fetch/v0/response.js).
 */
export function fetchRequest(
  positions: readonly FetchPosition[],
  options: FetchOptions,
): ProtocolRequest<FetchResponse> {
  return {
    request: {
      apiKey: 1,
      apiVersion: 11,
      apiName: 'Fetch',
      encode: async () => encode(positions, options),
    },
    response: { decode: async payload => decode(payload), parse: async data => data },
    requestTimeout: options.maxWaitMs,
  };
}

function encode(positions: readonly FetchPosition[], options: FetchOptions): ByteWriter {
  const body = new ByteWriter()
    .int32(-1) // replica id: a consumer
    .int32(options.maxWaitMs)
    .int32(1) // minimal bytes
    .int32(options.maxBytes)
    .int8(options.readCommitted ? 1 : 0)
    .int32(0) // session id and epoch: no incremental fetch session
    .int32(-1)
    .int32(positions.length);
  // One topic entry for each partition, in the caller's order: the broker fills the response in this order.
  for (const { topic, partition, offset } of positions) {
    body.string(topic).int32(1);
    body.int32(partition).int32(-1).int64(offset).int64(-1).int32(options.maxBytesPerPartition);
  }
  return body.int32(0).string('');
}

function decode(payload: Buffer): FetchResponse {
  const reader = new ByteReader(payload);
  const clientSideThrottleTime = reader.int32();
  const errorCode = reader.int16();
  reader.skip(4);
  const partitions = reader.array(() => {
    const topic = reader.string() ?? '';
    return reader.array(() => partitionOf(reader, topic));
  });
  return { clientSideThrottleTime, errorCode, partitions: partitions.flat() };
}

function partitionOf(reader: ByteReader, topic: string): FetchedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.int64();
  const lastStableOffset = reader.int64();
  const logStartOffset = reader.int64();
  const aborted = reader.array(() => ({ producerId: reader.id64(), firstOffset: reader.int64() }));
  reader.skip(4); // preferred read replica: no rack was named
  const records = reader.bytes(reader.int32()) ?? nothing;
  return { topic, partition, errorCode, highWatermark, lastStableOffset, logStartOffset, aborted, records };
}
