import type { TopicPartition } from '../../port.js';
import { errorType } from '../protocol/error-codes.js';
import type { FetchedPartition, FetchResponse } from '../protocol/fetch.js';
import { protocolError } from '../protocol/protocol-error.js';

/** What an answer says of a partition. Throws where it says nothing of any. */
export function partitionOf(
  { errorCode, partitions }: FetchResponse,
  { topic, partition }: TopicPartition,
): FetchedPartition {
  const found = partitions.find(one => one.topic === topic && one.partition === partition);
  if (found !== undefined) return found;
  throw protocolError('nothing was fetched', errorType(errorCode));
}
