import type { TopicDescription } from '../drivers/port.js';
import { KafkaRxError } from '../errors/errors.js';

/**
 * Refuses groups whose topics have different partition counts: the same key lies under another number in each of them, so
 * that what belongs together never meets. Topics that the app does not read are passed over.
 *
 * @throws KafkaRxError `CONFIGURATION`, naming the topics and their counts
 */
export function requireCoPartitioned(
  topics: readonly TopicDescription[],
  groups: readonly (readonly string[])[],
): void {
  for (const group of groups) {
    const read = topics.filter(({ name }) => group.includes(name));
    if (new Set(read.map(({ partitions }) => partitions)).size <= 1) continue;
    const counts = read.map(({ name, partitions }) => `${name} has ${partitions}`).sort();
    throw new KafkaRxError(
      'CONFIGURATION',
      `Topics that are coPartitioned have different numbers of partitions: ${counts.join(', ')}`,
      {
        remedy:
          'Add partitions before there are records, write the one again by way of a topic that has as many, or leave it out.',
      },
    );
  }
}
