import type { PartitionOffset, TopicPartition } from '../../port.js';
import type { Committed } from '../../topic-commits.js';
import { byTopic } from './by-topic.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { ofPartitions } from './group-answers.js';
import type { ProtocolRequest, Throttled } from './protocol-request.js';

export interface OffsetFetchResponse extends Throttled {
  readonly errorCodes: readonly number[];
  readonly committed: readonly (PartitionOffset & Committed)[];
}

/**
 * OffsetFetch, version 5, the first that tells leader epochs; kafkajs's stops at 4, and can only ask for partitions that it is given.
 * Rejects with the first error, as kafkajs's does.
 *
 * @param partitions undefined: all of which the group has an offset
 */
export function offsetFetchRequest(
  groupId: string,
  partitions: readonly TopicPartition[] | undefined,
): ProtocolRequest<OffsetFetchResponse> {
  return {
    request: {
      apiKey: 9,
      apiVersion: 5,
      apiName: 'OffsetFetch',
      encode: async () => {
        const body = new ByteWriter().string(groupId);
        // An array of the length -1 is null, which means all topics.
        if (partitions === undefined) return body.int32(-1);
        return body.array(byTopic(partitions), ([topic, ofTopic]) => {
          body.string(topic).array(ofTopic, ({ partition }) => {
            body.int32(partition);
          });
        });
      },
    },
    response: ofPartitions(decode),
  };
}

function decode(payload: Buffer): OffsetFetchResponse {
  const reader = new ByteReader(payload);
  const clientSideThrottleTime = reader.int32();
  const errorCodes: number[] = [];
  const committed = reader.array(() => {
    const topic = reader.string() ?? '';
    return reader.array(() => {
      const partition = reader.int32();
      const offset = reader.int64();
      const leaderEpoch = reader.int32();
      const metadata = reader.string() ?? '';
      errorCodes.push(reader.int16());
      return { topic, partition, offset, metadata, leaderEpoch: leaderEpoch < 0 ? undefined : leaderEpoch };
    });
  });
  errorCodes.unshift(reader.int16());
  return { clientSideThrottleTime, errorCodes, committed: committed.flat() };
}
