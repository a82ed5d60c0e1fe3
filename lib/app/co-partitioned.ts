import { nearestName } from '../base/nearest-name.js';
import type { DriverConnection, TopicDescription, TopicPartition } from '../drivers/port.js';
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
  if (ownOutputs.has(unread)) throw ownOutput(unread);
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

function ownOutput(name: string): KafkaRxError {
  return new KafkaRxError(
    'CONFIGURATION',
    `createApp: coPartitioned has '${name}', which this app writes, and no source reads by name`,
    {
      remedy:
        'Leave it out: a source by RegExp reads nothing that its own app writes. Or read it by its name',
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

export interface CoPartitionedCountsParts {
  readonly topics: DriverConnection['topics'];
  readonly groups: readonly (readonly string[])[];
}

/**
 * Before anything of a co-partitioned topic is handed out that the member was just given, its group is looked up: partitions may have
 * been added to one topic of it since, or it was made anew. Not by a gate, which opens for each partition by itself: where they begin
 * has to be asked for all of them at once, or documents made of records of several are cut in two.
 */
export class CoPartitionedCounts {
  readonly #parts: CoPartitionedCountsParts;
  readonly #names: readonly string[];
  /** One look for all that ask at once. */
  #look: Promise<readonly TopicDescription[]> | undefined;

  constructor(parts: CoPartitionedCountsParts) {
    this.#parts = parts;
    this.#names = [...new Set(parts.groups.flat())];
  }

  /**
   * Rejects as {@link requireCoPartitioned}, and with a `retriable` error where the brokers that answer know less than the group does.
   *
   * @see ConsumerOptions.resumeAt
   */
  async require(partitions: readonly TopicPartition[]): Promise<void> {
    const those = partitions.filter(({ topic }) => this.#names.includes(topic));
    if (those.length === 0) return;
    this.#look ??= this.#parts.topics(this.#names).finally(() => {
      this.#look = undefined;
    });
    const topics = await this.#look;
    for (const { topic, partition } of those) {
      const known = topics.find(({ name }) => name === topic)?.partitions ?? 0;
      if (partition >= known) throw unknownYet(topic, partition);
    }
    requireCoPartitioned(topics, this.#parts.groups);
  }
}

function unknownYet(topic: string, partition: number): KafkaRxError {
  return new KafkaRxError(
    'MISSING_TOPIC',
    `No broker that answers knows partition ${partition} of '${topic}' yet`,
    {
      retriable: true,
    },
  );
}
