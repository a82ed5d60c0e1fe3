import { isKafkaRxError, KafkaRxError } from '../../../errors/errors.js';
import type { PartitionOffset } from '../../port.js';
import { decompress } from '../compression/batch-compression.js';
import type { FetchedPartition } from '../protocol/fetch.js';
import { pastTheBatch } from '../protocol/past-the-batch.js';
import { type RecordSet, readRecordSet } from '../protocol/record-batch-reader.js';

/**
 * The records that were fetched from a position on. One that cannot be read (`DRIVER`) says where, and what to do.
 *
 * @param maxDecompressedBytes that one batch may hold
 */
export async function readFetched(
  { records, aborted }: FetchedPartition,
  { topic, partition, offset }: PartitionOffset,
  maxDecompressedBytes: number,
): Promise<RecordSet> {
  const from = { topic, partition, offset };
  try {
    return await readRecordSet(records, from, aborted, {
      decompress: (codec, bytes, at) => decompress(codec, bytes, maxDecompressedBytes, at),
      enoughBytes: maxDecompressedBytes,
    });
  } catch (cause) {
    if (isKafkaRxError(cause) && cause.at !== undefined) throw cause;
    throw new KafkaRxError('DRIVER', 'A fetched batch cannot be read', {
      at: from,
      cause,
      remedy: isKafkaRxError(cause) ? cause.remedy : `Repair the topic, or ${pastTheBatch}`,
    });
  }
}
