import type { FetchedBatch } from './port.js';
import type { ReadPartition } from './read-partition.js';

/** What a partition begins with whose start nobody has committed: no records, and the offset to commit. */
export function startBatch(
  { topic, partition, epoch, topicId }: ReadPartition,
  offset: number,
): FetchedBatch {
  // The end is at least there; the first fetch tells where.
  const where = { topic, partition, epoch, topicId, nextOffset: offset, endOffset: offset };
  return { ...where, bytes: 0, count: 0, next: () => undefined, reread: () => undefined };
}
