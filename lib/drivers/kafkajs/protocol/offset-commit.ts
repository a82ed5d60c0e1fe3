import type { PartitionOffset } from '../../port.js';
import type { StoredCommit } from '../../topic-commits.js';
import type { GroupGeneration } from '../internals/broker.js';
import { byTopic } from './by-topic.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { ofPartitions } from './group-answers.js';
import type { ProtocolRequest, Throttled } from './protocol-request.js';

/** What the coordinator said of each partition. */
export interface OffsetCommitResponse extends Throttled {
  readonly errorCodes: readonly number[];
}

type Commit = PartitionOffset & Pick<StoredCommit, 'metadata' | 'leaderEpoch'>;

/** OffsetCommit, version 6, the first that keeps leader epochs; kafkajs's stops at 5. Rejects with the first refusal, as kafkajs's does. */
export function offsetCommitRequest(
  { groupId, groupGenerationId, memberId }: GroupGeneration,
  offsets: readonly Commit[],
): ProtocolRequest<OffsetCommitResponse> {
  return {
    request: {
      apiKey: 8,
      apiVersion: 6,
      apiName: 'OffsetCommit',
      encode: async () => {
        const body = new ByteWriter().string(groupId).int32(groupGenerationId).string(memberId);
        return body.array(byTopic(offsets), ([topic, ofTopic]) => {
          body.string(topic).array(ofTopic, ({ partition, offset, metadata, leaderEpoch = -1 }) => {
            body
              .int32(partition)
              .int64(offset)
              .int32(leaderEpoch)
              .string(metadata ?? null);
          });
        });
      },
    },
    response: ofPartitions(decode),
  };
}

function decode(payload: Buffer): OffsetCommitResponse {
  const reader = new ByteReader(payload);
  const clientSideThrottleTime = reader.int32();
  const errorCodes = reader.array(() => {
    reader.string();
    return reader.array(() => {
      reader.skip(4);
      return reader.int16();
    });
  });
  return { clientSideThrottleTime, errorCodes: errorCodes.flat() };
}
