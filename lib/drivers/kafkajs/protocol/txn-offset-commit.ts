import type { StoredCommit } from '../../topic-commits.js';
import type { GroupGeneration } from '../internals/broker.js';
import { byTopic } from './by-topic.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import type { ProducerIdentity } from './init-producer-id.js';
import type { PartsRequest } from './protocol-request.js';
import type { PartitionErrors } from './transaction-answers.js';

/**
 * TxnOffsetCommit, version 3, the first one that names generation and member: the group's coordinator refuses those that
 * the group has gone on without (KIP-447). kafkajs's is version 1, which anyone may send who has the producer's id.
 *
 * A flexible version: the tag section that ends its request header stands here as the first byte of the body, that of
 * the response header is skipped.
 */
export function txnOffsetCommitRequest(
  transactionalId: string,
  { id, epoch }: ProducerIdentity,
  { groupId, memberId, groupGenerationId }: GroupGeneration,
  offsets: readonly StoredCommit[],
): PartsRequest<PartitionErrors> {
  const body = new ByteWriter().noTags().compactString(transactionalId).compactString(groupId);
  body.id64(id).int16(epoch).int32(groupGenerationId).compactString(memberId);
  body.compactString(null); // no static membership
  body.compactArray(byTopic(offsets), ([topic, ofTopic]) => {
    body.compactString(topic).compactArray(ofTopic, ({ partition, offset, metadata, leaderEpoch = -1 }) => {
      body.int32(partition).int64(offset).int32(leaderEpoch);
      body.compactString(metadata ?? '').noTags();
    });
    body.noTags();
  });
  return {
    apiKey: 28,
    apiVersion: 3,
    apiName: 'TxnOffsetCommit',
    parts: [body.noTags().buffer],
    decode,
  };
}

function decode(payload: Buffer): PartitionErrors {
  const reader = new ByteReader(payload);
  reader.skipTags();
  const clientSideThrottleTime = reader.int32();
  const results = reader.compactArray(() => {
    const topic = reader.compactString() ?? '';
    const ofTopic = reader.compactArray(() => {
      const result = { topic, partition: reader.int32(), errorCode: reader.int16() };
      reader.skipTags();
      return result;
    });
    reader.skipTags();
    return ofTopic;
  });
  return { clientSideThrottleTime, results: results.flat() };
}
