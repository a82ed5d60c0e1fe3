import type { PartitionOffset, TopicPartition } from '../../port.js';
import type { Committed } from '../../topic-commits.js';
import { byTopic } from './by-topic.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { errorType } from './error-codes.js';
import { ofPartitions } from './group-answers.js';
import type { ProtocolRequest, Throttled } from './protocol-request.js';

/** What the coordinator says of one partition. */
export interface FetchedOffset extends PartitionOffset, Committed {
  /** A transaction that has not ended holds an offset of it, so that what is committed is not known yet. */
  readonly undecided: boolean;
}

export interface OffsetFetchResponse extends Throttled {
  readonly errorCodes: readonly number[];
  readonly committed: readonly FetchedOffset[];
}

/** Asked for again, it passes. No error of the whole request, since the other partitions have their answer. */
const unstable = 'UNSTABLE_OFFSET_COMMIT';

/**
 * OffsetFetch, version 7, the first that tells offsets of an undecided transaction apart (KIP-447); kafkajs's stops at 4, and can only
 * ask for partitions that it is given. Rejects with the first error, as kafkajs's does, but for what is undecided.
 *
 * A flexible version: see {@link topicMetadataRequest} for its headers.
 *
 * @param partitions undefined: all of which the group has an offset
 * @param requireStable false: as if no transaction were open, for those who only look
 */
export function offsetFetchRequest(
  groupId: string,
  partitions: readonly TopicPartition[] | undefined,
  requireStable: boolean,
): ProtocolRequest<OffsetFetchResponse> {
  return {
    request: {
      apiKey: 9,
      apiVersion: 7,
      apiName: 'OffsetFetch',
      encode: async () => encode(groupId, partitions, requireStable),
    },
    response: ofPartitions(decode),
  };
}

function encode(
  groupId: string,
  partitions: readonly TopicPartition[] | undefined,
  requireStable: boolean,
): ByteWriter {
  const body = new ByteWriter().noTags().compactString(groupId);
  const topics = partitions && byTopic(partitions);
  // A compact array is its length plus one; 0 is null, which means all topics.
  body.unsignedVarint(topics === undefined ? 0 : topics.length + 1);
  for (const [topic, ofTopic] of topics ?? []) {
    body.compactString(topic).unsignedVarint(ofTopic.length + 1);
    for (const { partition } of ofTopic) body.int32(partition);
    body.noTags();
  }
  return body.boolean(requireStable).noTags();
}

function decode(payload: Buffer): OffsetFetchResponse {
  const reader = new ByteReader(payload);
  reader.skipTags();
  const clientSideThrottleTime = reader.int32();
  const errorCodes: number[] = [];
  const committed: FetchedOffset[] = [];
  reader.compactArray(() => {
    const topic = reader.compactString() ?? '';
    reader.compactArray(() => {
      const partition = reader.int32();
      const offset = reader.int64();
      const epoch = reader.int32();
      const metadata = reader.compactString() ?? '';
      const errorCode = reader.int16();
      const undecided = errorType(errorCode) === unstable;
      if (!undecided) errorCodes.push(errorCode);
      reader.skipTags();
      const leaderEpoch = epoch < 0 ? undefined : epoch;
      committed.push({ topic, partition, offset, metadata, leaderEpoch, undecided });
    });
    reader.skipTags();
  });
  errorCodes.unshift(reader.int16());
  return { clientSideThrottleTime, errorCodes, committed };
}
