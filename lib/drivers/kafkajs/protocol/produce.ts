import { byTopic } from './by-topic.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import type { PartsRequest, Throttled } from './protocol-request.js';

/** One encoded record batch and where it goes. */
export interface ProducePartition {
  readonly topic: string;
  readonly partition: number;
  readonly batch: Buffer;
}

/** What the broker said of one partition. */
export interface ProduceResult {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly baseOffset: number;
}

export interface ProduceResponse extends Throttled {
  readonly results: readonly ProduceResult[];
}

/**
 * Produce, version 7, acks of all in-sync replicas; understood by brokers from 2.1 on. Our own, since kafkajs's
 * fails the whole response with the error of its first failing partition
 * (src/protocol/requests/produce/v3/response.js), which does not say which partitions were written.
 */
export function produceRequest(
  partitions: readonly ProducePartition[],
  timeoutMs: number,
  transactionalId: string | null = null,
): PartsRequest<ProduceResponse> {
  return {
    apiKey: 0,
    apiVersion: 7,
    apiName: 'Produce',
    parts: encode(partitions, timeoutMs, transactionalId),
    decode,
  };
}

/** The batches themselves are parts, and not copied. */
function encode(
  partitions: readonly ProducePartition[],
  timeoutMs: number,
  transactionalId: string | null,
): Buffer[] {
  const topics = byTopic(partitions);
  const parts: Buffer[] = [];
  let head = new ByteWriter().string(transactionalId).int16(-1).int32(timeoutMs).int32(topics.length);
  for (const [topic, ofTopic] of topics) {
    head.string(topic).int32(ofTopic.length);
    for (const { partition, batch } of ofTopic) {
      parts.push(head.int32(partition).int32(batch.length).buffer, batch);
      head = new ByteWriter(64);
    }
  }
  return parts;
}

function decode(payload: Buffer): ProduceResponse {
  const reader = new ByteReader(payload);
  const results = reader.array(() => {
    const topic = reader.string() ?? '';
    return reader.array((): ProduceResult => {
      const partition = reader.int32();
      const errorCode = reader.int16();
      const baseOffset = reader.int64();
      reader.skip(16); // append time and log start offset
      return { topic, partition, errorCode, baseOffset };
    });
  });
  return { results: results.flat(), clientSideThrottleTime: reader.int32() };
}
