import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import type { ProtocolRequest, Throttled } from './protocol-request.js';

export interface GroupOffsetsResponse extends Throttled {
  readonly errorCode: number;
  /** Whether the group has an offset of any partition. */
  readonly any: boolean;
}

/** OffsetFetch, version 3, of all topics of a group: kafkajs's own can only ask for those that it is given. */
export function groupOffsetsRequest(groupId: string): ProtocolRequest<GroupOffsetsResponse> {
  return {
    request: {
      apiKey: 9,
      apiVersion: 3,
      apiName: 'OffsetFetch',
      // An array of the length -1 is null, which means all topics.
      encode: async () => new ByteWriter().string(groupId).int32(-1),
    },
    response: { decode: async payload => decode(payload), parse: async data => data },
  };
}

function decode(payload: Buffer): GroupOffsetsResponse {
  const reader = new ByteReader(payload);
  const clientSideThrottleTime = reader.int32();
  const offsets = reader.array(() => {
    reader.string();
    return reader.array(() => {
      reader.skip(4);
      const offset = reader.int64();
      reader.string();
      reader.skip(2);
      return offset;
    });
  });
  return {
    clientSideThrottleTime,
    errorCode: reader.int16(),
    any: offsets.flat().some(offset => offset >= 0),
  };
}
