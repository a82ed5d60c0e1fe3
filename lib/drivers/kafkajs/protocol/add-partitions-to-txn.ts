import type { TopicPartition } from '../../port.js';
import { byTopic } from './by-topic.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import type { ProducerIdentity } from './init-producer-id.js';
import type { PartsRequest } from './protocol-request.js';
import type { PartitionErrors } from './transaction-answers.js';

/** AddPartitionsToTxn, version 2: the coordinator notes where the outcome has to be written, before the first batch goes there. */
export function addPartitionsToTxnRequest(
  transactionalId: string,
  { id, epoch }: ProducerIdentity,
  partitions: readonly TopicPartition[],
): PartsRequest<PartitionErrors> {
  const body = new ByteWriter().string(transactionalId).id64(id).int16(epoch);
  body.array(byTopic(partitions), ([topic, ofTopic]) =>
    body.string(topic).array(ofTopic, ({ partition }) => body.int32(partition)),
  );
  return {
    apiKey: 24,
    apiVersion: 2,
    apiName: 'AddPartitionsToTxn',
    parts: [body.buffer],
    decode(payload) {
      const reader = new ByteReader(payload);
      const clientSideThrottleTime = reader.int32();
      const results = reader.array(() => {
        const topic = reader.string() ?? '';
        return reader.array(() => ({ topic, partition: reader.int32(), errorCode: reader.int16() }));
      });
      return { clientSideThrottleTime, results: results.flat() };
    },
  };
}
