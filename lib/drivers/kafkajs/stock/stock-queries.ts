import type { Admin } from 'kafkajs';
import { KafkaRxError } from '../../../errors/errors.js';
import { fieldOf } from '../../../errors/field-of.js';
import { beyondTheEnd } from '../../deletions.js';
import type { PartitionOffset, StartFrom } from '../../port.js';
import type { Committed } from '../../topic-commits.js';
import { offsetOf } from '../cluster/cluster-queries.js';
import { commitsByTopic } from '../consumer/offset-committer.js';
import { groupHasMembers, missingTopics, refusedDeletion, typeOf } from '../errors.js';
import type { ClusterQueries, KnownTopic } from '../kafkajs-path.js';
import { OffsetsAdmin } from './offsets-admin.js';

/** Kafka's own topics; kafkajs does not pass on what the brokers say of it. */
const internalTopics: ReadonlySet<string> = new Set([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
]);

/** {@link ClusterQueries} by kafkajs's admin. It tells no topic ids: a topic's name stands in for its id. */
export class StockQueries implements ClusterQueries {
  readonly #admin: Admin;
  readonly #ofOffsets: OffsetsAdmin;

  /**
   * @param admin connected by whoever made it
   * @param another makes one more, not connected
   */
  constructor(admin: Admin, another: () => Admin) {
    this.#admin = admin;
    this.#ofOffsets = new OffsetsAdmin(another);
  }

  async close(): Promise<void> {
    await this.#ofOffsets.close();
  }

  async topics(names?: readonly string[]): Promise<readonly KnownTopic[]> {
    // Asked for a name that does not exist, kafkajs fails; asked for none, it describes all.
    const there = (await this.#admin.listTopics()).filter(name => names?.includes(name) ?? true);
    if (there.length === 0) return [];
    const { topics } = await this.#admin.fetchTopicMetadata({ topics: there });
    return topics.map(({ name, partitions }) => ({
      name,
      id: name,
      partitions: partitions.length,
      internal: internalTopics.has(name),
      ready: partitions.length > 0,
    }));
  }

  async offsets(topic: string, at: StartFrom, readCommitted = false): Promise<readonly number[]> {
    if (readCommitted) throw tellsNoStableOffsets();
    if (typeof at !== 'string') {
      const { timestamp } = at;
      return inOrder(
        await this.#ofOffsets.ask(admin => admin.fetchTopicOffsetsByTimestamp(topic, timestamp)),
      );
    }
    const bounds = await this.#ofOffsets.ask(admin => admin.fetchTopicOffsets(topic));
    return inOrder(
      bounds.map(({ partition, low, high }) => ({ partition, offset: at === 'earliest' ? low : high })),
    );
  }

  async hasCommitted(groupId: string): Promise<boolean> {
    const topics = await this.#admin.fetchOffsets({ groupId });
    return topics.some(({ partitions }) => partitions.some(({ offset }) => offsetOf(offset) >= 0));
  }

  async committed(groupId: string, topic: string): Promise<readonly Committed[]> {
    const [found] = await this.#ofOffsets.ask(admin => admin.fetchOffsets({ groupId, topics: [topic] }));
    return [...(found?.partitions ?? [])]
      .sort((a, b) => a.partition - b.partition)
      .map(({ offset, metadata }) => ({
        // Where kafkajs has reset a position, it has committed a negative number (offsetManager/index.js, setDefaultOffset).
        offset: Math.max(-1, offsetOf(offset)),
        metadata: metadata ?? '',
      }));
  }

  /**
   * kafkajs looks whether the group is empty, then joins it and commits: who joins in between goes through a rebalance,
   * where the fast path's one request is refused.
   */
  async resetOffsets(groupId: string, offsets: readonly PartitionOffset[]): Promise<void> {
    const { groups } = await this.#admin.describeGroups([groupId]);
    const [group] = groups;
    if (group !== undefined && group.members.length > 0) throw groupHasMembers(groupId, undefined);
    for (const { topic, partitions } of commitsByTopic(offsets)) {
      const seeks = partitions.map(({ partition, offset }) => ({ partition, offset }));
      await this.#ofOffsets.ask(admin => admin.setOffsets({ groupId, topic, partitions: seeks }));
    }
  }

  async deleteRecords(offsets: readonly PartitionOffset[]): Promise<void> {
    for (const { topic, partitions } of commitsByTopic(offsets)) {
      const [found] = await this.topics([topic]);
      if (found === undefined) throw missingTopics([topic]);
      const numbers = new Set(Array.from({ length: found.partitions }, (_, partition) => partition));
      const missing = partitions.filter(({ partition }) => !numbers.has(partition));
      if (missing.length > 0) throw missingTopics(missing.map(({ partition }) => `${topic}-${partition}`));
      const wanted = partitions.map(({ partition, offset }) => ({ partition, offset }));
      try {
        await this.#ofOffsets.ask(async admin => {
          // It looks for the leaders before it has asked for the topic's metadata, unless something else did.
          const ends = await admin.fetchTopicOffsets(topic);
          for (const { partition, high } of ends) {
            const beyond = wanted.find(
              one => one.partition === partition && offsetOf(one.offset) > offsetOf(high),
            );
            if (beyond !== undefined)
              throw beyondTheEnd({ topic, partition, offset: offsetOf(beyond.offset) });
          }
          await admin.deleteTopicRecords({ topic, partitions: wanted });
        });
      } catch (error) {
        throw refusalIn(error, topic) ?? error;
      }
    }
  }

  /** kafkajs asks anew by itself. */
  async refresh(): Promise<void> {}
}

function tellsNoStableOffsets(): KafkaRxError {
  return new KafkaRxError('CONFIGURATION', "kafkajs's public API tells no last stable offsets", {
    remedy: "Choose path: 'fast', with kafkajs 2.2.4 exactly.",
  });
}

/** What kafkajs gathers of the partitions that were refused (src/errors.js, KafkaJSDeleteTopicRecordsError), and wraps. */
function refusalIn(error: unknown, topic: string): Error | undefined {
  let gathered = error;
  for (let depth = 0; depth < 5 && !Array.isArray(fieldOf(gathered, 'partitions')); depth++)
    gathered = fieldOf(gathered, 'cause');
  const partitions = fieldOf(gathered, 'partitions');
  if (!Array.isArray(partitions)) return undefined;
  for (const one of partitions) {
    const type = typeOf(fieldOf(one, 'error'));
    const at = {
      topic,
      partition: Number(fieldOf(one, 'partition')),
      offset: Number(fieldOf(one, 'offset')),
    };
    if (type !== undefined) return refusedDeletion(at, type, error);
  }
  return undefined;
}

function inOrder(offsets: readonly { readonly partition: number; readonly offset: string }[]): number[] {
  return [...offsets].sort((a, b) => a.partition - b.partition).map(({ offset }) => offsetOf(offset));
}
