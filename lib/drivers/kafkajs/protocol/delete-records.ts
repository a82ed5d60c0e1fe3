import type { PartitionOffset, TopicPartition } from '../../port.js';
import { byTopic } from './by-topic.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import type { PartsRequest, Throttled } from './protocol-request.js';

/** What the leader said of each partition. */
export interface DeleteRecordsResponse extends Throttled {
  readonly results: readonly (TopicPartition & { readonly errorCode: number })[];
}

/**
 * DeleteRecords, version 1, to the leader of these partitions. kafkajs's is for one topic, asks for its offsets first, and tells nothing of
 * the partitions that were done beside one that was refused.
 *
 * @param timeoutMs how long the leader waits for its followers
 */
export function deleteRecordsRequest(
  offsets: readonly PartitionOffset[],
  timeoutMs: number,
): PartsRequest<DeleteRecordsResponse> {
  const body = new ByteWriter();
  body.array(byTopic(offsets), ([topic, ofTopic]) =>
    body.string(topic).array(ofTopic, ({ partition, offset }) => body.int32(partition).int64(offset)),
  );
  return {
    apiKey: 21,
    apiVersion: 1,
    apiName: 'DeleteRecords',
    parts: [body.int32(timeoutMs).buffer],
    decode(payload) {
      const reader = new ByteReader(payload);
      const clientSideThrottleTime = reader.int32();
      const results = reader.array(() => {
        const topic = reader.string() ?? '';
        return reader.array(() => {
          const partition = reader.int32();
          reader.skip(8); // the low watermark
          return { topic, partition, errorCode: reader.int16() };
        });
      });
      return { clientSideThrottleTime, results: results.flat() };
    },
  };
}
