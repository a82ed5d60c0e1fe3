import { Buffer } from 'node:buffer';
import type { EpochEnd } from '../../lineage.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import type { ProtocolRequest, Throttled } from './protocol-request.js';
import type { AbortedTransaction } from './record-batch-reader.js';

/** One partition to fetch from an offset on. */
export interface FetchPosition {
  readonly topic: string;
  /** As {@link TopicMetadata.id} */
  readonly topicId: string;
  readonly partition: number;
  readonly offset: number;
  /** Of the leader as it is known, which a broker refuses that knows better; undefined: any. */
  readonly leaderEpoch: number | undefined;
  /** Of the last record before the offset: a log that does not go on from it answers with {@link FetchedPartition.diverging}. */
  readonly lastFetchedEpoch: number | undefined;
  /** Bytes; undefined: {@link FetchOptions.maxBytesPerPartition}. */
  readonly maxBytes?: number | undefined;
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
  /**
   * The log has another past than the one that was read: up to this end at most both are the same. Then there are no records.
   * Undefined where it goes on from there.
   */
  readonly diverging: EpochEnd | undefined;
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
const divergingEpochTag = 0;

/**
 * Fetch, version 13, understood by brokers from 3.1 on: the first that asks for a topic by its id. Asked for by name, one that was
 * deleted and made anew in between would be read from where the old one was left. Our own, since kafkajs's stops at 11, drops the
 * last stable offset and the log's start, and fails the whole response with the error of its first failing partition
 * (src/protocol/requests/fetch/v0/response.js).
 *
 * A flexible version: see {@link topicMetadataRequest} for its headers.
 */
export function fetchRequest(
  positions: readonly FetchPosition[],
  options: FetchOptions,
): ProtocolRequest<FetchResponse> {
  return {
    request: {
      apiKey: 1,
      apiVersion: 13,
      apiName: 'Fetch',
      encode: async () => encode(positions, options),
    },
    response: { decode: async payload => decode(payload, positions), parse: async data => data },
    requestTimeout: options.maxWaitMs,
  };
}

function encode(positions: readonly FetchPosition[], options: FetchOptions): ByteWriter {
  const body = new ByteWriter()
    .noTags()
    .int32(-1) // replica id: a consumer
    .int32(options.maxWaitMs)
    .int32(1) // minimal bytes
    .int32(options.maxBytes)
    .int8(options.readCommitted ? 1 : 0)
    .int32(0) // session id and epoch: no incremental fetch session
    .int32(-1)
    .unsignedVarint(positions.length + 1);
  // One topic entry for each partition, in the caller's order: the broker fills the response in this order.
  for (const { topicId, partition, offset, leaderEpoch = -1, lastFetchedEpoch = -1, maxBytes } of positions) {
    body.bytes(Buffer.from(topicId, 'hex')).unsignedVarint(2);
    body.int32(partition).int32(leaderEpoch).int64(offset).int32(lastFetchedEpoch);
    body.int64(-1).int32(maxBytes ?? options.maxBytesPerPartition); // the log's start is a follower's
    body.noTags().noTags();
  }
  // None forgotten, and no rack.
  return body.unsignedVarint(1).compactString('').noTags();
}

function decode(payload: Buffer, positions: readonly FetchPosition[]): FetchResponse {
  const names = new Map(positions.map(({ topicId, topic }) => [topicId, topic]));
  const reader = new ByteReader(payload);
  reader.skipTags();
  const clientSideThrottleTime = reader.int32();
  const errorCode = reader.int16();
  reader.skip(4);
  const partitions: FetchedPartition[] = [];
  reader.compactArray(() => {
    const topicId = reader.bytes(16)?.toString('hex') ?? '';
    const topic = names.get(topicId) ?? '';
    reader.compactArray(() => partitions.push(partitionOf(reader, topic)));
    reader.skipTags();
  });
  return { clientSideThrottleTime, errorCode, partitions };
}

function partitionOf(reader: ByteReader, topic: string): FetchedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.int64();
  const lastStableOffset = reader.int64();
  const logStartOffset = reader.int64();
  const aborted = reader.compactArray(() => {
    const transaction = { producerId: reader.id64(), firstOffset: reader.int64() };
    reader.skipTags();
    return transaction;
  });
  reader.skip(4); // preferred read replica: no rack was named
  const records = reader.bytes(reader.unsignedVarint() - 1) ?? nothing;
  let diverging: EpochEnd | undefined;
  reader.tags(tag => {
    if (tag === divergingEpochTag) diverging = { epoch: reader.int32(), endOffset: reader.int64() };
  });
  const offsets = { highWatermark, lastStableOffset, logStartOffset };
  return { topic, partition, errorCode, ...offsets, aborted, records, diverging };
}
