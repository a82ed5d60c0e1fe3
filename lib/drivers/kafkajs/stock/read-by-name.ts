import type { AssignedPartition } from '../../port.js';
import type { ReadPartition } from '../../read-partition.js';

/** kafkajs tells no topic ids: a topic's name stands in for its id. */
export function readByName({ topic, partition, epoch }: AssignedPartition): ReadPartition {
  return { topic, partition, epoch, topicId: topic };
}
