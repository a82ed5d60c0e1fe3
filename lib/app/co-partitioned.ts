import { nearestName } from '../base/nearest-name.js';
import type { TopicDescription } from '../drivers/port.js';
import { KafkaRxError } from '../errors/errors.js';
import { mayRead, type TopicPattern } from '../flow/source/topic-pattern.js';

/**
 * Refuses a name that no source can mean: a misspelt one would put nothing beside anything, and say nothing. One that a RegExp
 * may find later is taken.
 *
 * @throws KafkaRxError `CONFIGURATION`, naming the topic that was likely meant
 */
export function requireCoPartitionedRead(
  patterns: readonly TopicPattern[],
  groups: readonly (readonly string[])[],
  ownOutputs: ReadonlySet<string>,
): void {
  const unread = groups.flat().find(name => !patterns.some(pattern => mayRead(pattern, name, ownOutputs)));
  if (unread === undefined) return;
  const names = patterns.flatMap(pattern => pattern.names);
  const meant = nearestName(unread, names);
  const instead = meant === undefined ? '' : `; '${meant}' is read`;
  throw new KafkaRxError(
    'CONFIGURATION',
    `createApp: coPartitioned has '${unread}', which no source reads${instead}`,
    {
      remedy:
        meant === undefined
          ? `Give a name that app.topic reads (${patterns.map(({ label }) => label).join(', ')}), or leave it out`
          : `Write ${meant}`,
    },
  );
}

/**
 * Refuses groups whose topics have different partition counts: the same key lies under another number in each of them, so
 * that what belongs together never meets. Topics that are not there yet are passed over.
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
