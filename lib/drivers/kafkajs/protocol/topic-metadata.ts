import { Buffer } from 'node:buffer';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import type { ProtocolRequest, Throttled } from './protocol-request.js';

/** A topic as the broker describes it, with the id that Kafka gave it at its creation. */
export interface TopicMetadata {
  readonly errorCode: number;
  readonly name: string;
  /** 32 hexadecimal digits; all zero where the topic does not exist. */
  readonly id: string;
  readonly internal: boolean;
  readonly partitions: number;
  /** By partition: how many leaders it has had, which requests may name. -1 where the broker does not tell. */
  readonly leaderEpochs: readonly number[];
  /** By partition: the broker that leads it, -1 where none does. */
  readonly leaders: readonly number[];
}

export interface MetadataResponse extends Throttled {
  readonly clusterId: string;
  /** `host:port` of each, as it advertises itself. */
  readonly brokers: readonly string[];
  readonly topics: readonly TopicMetadata[];
}

/** The version that {@link topicMetadataRequest} speaks. Brokers from 3.1 on have it. */
export const topicMetadataVersion = 12;

/**
 * Metadata, version 12, which names topic ids; kafkajs stops at 6, which has none.
 *
 * Version 12 is a flexible one (KIP-482): its request header is that of version 1, which kafkajs writes, and one
 * tag section behind it, an empty one being a single 0 byte; so it stands here as the first byte of the body. Its
 * response header likewise has a tag section between the correlation id, which kafkajs reads, and the body.
 *
 * @param names the topics asked for; all of them where undefined. None is created by asking.
 */
export function topicMetadataRequest(
  names: readonly string[] | undefined,
): ProtocolRequest<MetadataResponse> {
  return {
    request: {
      apiKey: 3,
      apiVersion: topicMetadataVersion,
      apiName: 'Metadata',
      encode: async () => encode(names),
    },
    response: { decode: async payload => decode(payload), parse: async data => data },
  };
}

const noId = Buffer.alloc(16);

function encode(names: readonly string[] | undefined): ByteWriter {
  const body = new ByteWriter().unsignedVarint(0);
  // A compact array is its length plus one; 0 is null, which means all topics.
  body.unsignedVarint(names === undefined ? 0 : names.length + 1);
  for (const name of names ?? []) body.bytes(noId).compactString(name).unsignedVarint(0);
  return body.boolean(false).boolean(false).unsignedVarint(0);
}

function decode(payload: Buffer): MetadataResponse {
  const reader = new ByteReader(payload);
  reader.skipTags();
  const clientSideThrottleTime = reader.int32();
  const brokers = reader.compactArray(() => {
    reader.skip(4);
    const host = reader.compactString() ?? '';
    const port = reader.int32();
    reader.compactString();
    reader.skipTags();
    return `${host}:${port}`;
  });
  const clusterId = reader.compactString() ?? '';
  reader.skip(4);
  const topics = reader.compactArray(() => topicOf(reader));
  return { clientSideThrottleTime, clusterId, brokers, topics };
}

function topicOf(reader: ByteReader): TopicMetadata {
  const errorCode = reader.int16();
  const name = reader.compactString() ?? '';
  const id = reader.bytes(16)?.toString('hex') ?? '';
  const internal = reader.boolean();
  const int32 = (): number => reader.int32();
  const leaderEpochs: number[] = [];
  const leaders: number[] = [];
  const partitions = reader.compactArray(() => {
    reader.skip(2);
    const partition = reader.int32();
    leaders[partition] = reader.int32();
    leaderEpochs[partition] = reader.int32();
    reader.compactArray(int32);
    reader.compactArray(int32);
    reader.compactArray(int32);
    reader.skipTags();
  }).length;
  reader.skip(4);
  reader.skipTags();
  return { errorCode, name, id, internal, partitions, leaderEpochs, leaders };
}
