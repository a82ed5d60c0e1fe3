/** What deleting records is refused with, by every driver. */
import { KafkaRxError } from '../errors/errors.js';
import type { PartitionOffset } from './port.js';

/** Throws `CONFIGURATION` where an offset is none; Kafka would take -1 for all that there is, whatever comes meanwhile. */
export function checkDeletions(offsets: readonly PartitionOffset[]): void {
  for (const at of offsets) {
    if (Number.isSafeInteger(at.offset) && at.offset >= 0) continue;
    throw new KafkaRxError('CONFIGURATION', `Records are deleted up to an offset, and ${at.offset} is none`, {
      at: { topic: at.topic, partition: at.partition, offset: at.offset },
      remedy: 'Give a whole number from 0 on; the end is `offsets(topic, "latest")`.',
    });
  }
}

export function beyondTheEnd({ topic, partition, offset }: PartitionOffset, cause?: unknown): KafkaRxError {
  return new KafkaRxError('CONFIGURATION', `${topic}-${partition} has no records up to ${offset} to delete`, {
    at: { topic, partition, offset },
    cause,
    remedy: 'Give an offset that is not above the end of the partition.',
  });
}

/** Kafka's POLICY_VIOLATION. */
export function keepsItsRecords(
  { topic, partition, offset }: PartitionOffset,
  cause?: unknown,
): KafkaRxError {
  return new KafkaRxError(
    'CONFIGURATION',
    `No records of ${topic}-${partition} can be deleted: POLICY_VIOLATION`,
    {
      at: { topic, partition, offset },
      cause,
      remedy:
        "A topic that is compacted only keeps them: give it `cleanup.policy` 'compact,delete', or 'delete'.",
    },
  );
}
