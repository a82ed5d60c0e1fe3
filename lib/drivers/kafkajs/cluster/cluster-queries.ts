/** Questions to a cluster that kafkajs has no call for, or answers less exactly. */
import { partitionKey } from '../../../base/partition-key.js';
import { KafkaRxError } from '../../../errors/errors.js';
import type { ConsumerOptions, StartFrom, TopicPartition } from '../../port.js';
import type { ReadPartition } from '../../read-partition.js';
import { type Committed, nothingCommitted } from '../../topic-commits.js';
import { type Broker, sendTo } from '../internals/broker.js';
import type { Cluster } from '../internals/cluster.js';
import { errorType, passes } from '../protocol/error-codes.js';
import { offsetFetchRequest } from '../protocol/offset-fetch.js';
import {
  type MetadataResponse,
  topicMetadataRequest,
  topicMetadataVersion,
} from '../protocol/topic-metadata.js';

const metadataKey = 3;
/** UNKNOWN_TOPIC_OR_PARTITION, and INVALID_TOPIC_EXCEPTION: no topic can have the name. */
const doesNotExist: ReadonlySet<number> = new Set([3, 17]);
const leaderNotAvailable = 5;
/** Where a cluster has been upgraded from a version without topic ids, and not to the end. */
const noTopicId = '0'.repeat(32);

/** Topics with their ids; those that do not exist are left out. */
export async function describeTopics(
  cluster: Cluster,
  names: readonly string[] | undefined,
): Promise<Pick<MetadataResponse, 'clusterId' | 'brokers' | 'topics'>> {
  const broker = await cluster.brokerPool.findConnectedBroker();
  // Found by its socket while another call connects it, which asks for what it can do: this waits for that one.
  if (broker.versions === null) await broker.connect();
  const { versions } = broker;
  if (versions === null) {
    throw new KafkaRxError('DRIVER', 'The broker has not told yet what it can do', { retriable: true });
  }
  if ((versions[metadataKey]?.maxVersion ?? 0) < topicMetadataVersion) {
    throw new KafkaRxError('DRIVER', 'The brokers are too old: they do not tell topic ids', {
      remedy: 'Use Kafka 3.1 or later.',
    });
  }
  const { clusterId, brokers, topics }: MetadataResponse = await sendTo(broker, topicMetadataRequest(names));
  const known = topics.filter(topic => !doesNotExist.has(topic.errorCode));
  // A topic just made has no leader yet, but it is there.
  const failed = known.find(topic => topic.errorCode !== 0 && topic.errorCode !== leaderNotAvailable);
  const nameless = known.find(({ id }) => id === noTopicId);
  if (nameless !== undefined) {
    throw new KafkaRxError('DRIVER', `Kafka has no id of the topic ${nameless.name}`, {
      remedy: 'Raise inter.broker.protocol.version to that of the brokers: topics get their ids by it.',
    });
  }
  if (failed === undefined) return { clusterId, brokers, topics: known };
  const type = errorType(failed.errorCode);
  throw new KafkaRxError('DRIVER', `Kafka does not describe topic ${failed.name}: ${type}`, {
    remedy: 'Give the user the right to describe it by an ACL, or correct the name.',
    retriable: passes(type),
  });
}

const timestampOf = (at: StartFrom): number => (at === 'earliest' ? -2 : at === 'latest' ? -1 : at.timestamp);

/** The offset of partitions that this broker leads, by {@link StartFrom}; the end where no record is as late as asked. */
export async function offsetsAt(
  broker: Broker,
  partitions: readonly TopicPartition[],
  at: StartFrom,
  readCommitted: boolean,
): Promise<(partition: TopicPartition) => number> {
  const found = await listOffsets(broker, partitions, timestampOf(at), readCommitted);
  const beyond = partitions.filter(partition => (found.get(partitionKey(partition)) ?? -1) < 0);
  const ends = beyond.length === 0 ? found : await listOffsets(broker, beyond, -1, readCommitted);
  return partition => {
    const offset = found.get(partitionKey(partition)) ?? -1;
    return offset >= 0 ? offset : Math.max(0, ends.get(partitionKey(partition)) ?? 0);
  };
}

async function listOffsets(
  broker: Broker,
  partitions: readonly TopicPartition[],
  timestamp: number,
  readCommitted: boolean,
): Promise<ReadonlyMap<string, number>> {
  const { responses } = await broker.listOffsets({
    isolationLevel: readCommitted ? 1 : 0,
    topics: grouped(partitions).map(({ topic, partitions: numbers }) => ({
      topic,
      partitions: numbers.map(partition => ({ partition, timestamp })),
    })),
  });
  return indexed(responses, ({ offset }) => offsetOf(offset));
}

/** What a group has committed of a partition; `undecided` where an open transaction holds an offset of it. */
type LookedUp = Committed & { readonly undecided: boolean };

/**
 * A group's committed offsets, with what came with them.
 *
 * @param requireStable false: what is committed now, also where a transaction may commit another offset at any moment
 */
export async function committedOffsets(
  coordinator: Broker,
  groupId: string,
  partitions: readonly TopicPartition[],
  requireStable: boolean,
): Promise<(partition: TopicPartition) => LookedUp> {
  const answer = await sendTo(coordinator, offsetFetchRequest(groupId, partitions, requireStable));
  const found = new Map(answer.committed.map(committed => [partitionKey(committed), committed]));
  return partition => {
    const committed = found.get(partitionKey(partition));
    if (committed === undefined) return { ...nothingCommitted, undecided: false };
    const { offset, metadata, leaderEpoch, undecided } = committed;
    return { offset, metadata, leaderEpoch, undecided };
  };
}

/** Whether a group has committed anything at all, or is about to. */
export async function hasCommitted(coordinator: Broker, groupId: string): Promise<boolean> {
  const { committed } = await sendTo(coordinator, offsetFetchRequest(groupId, undefined, true));
  return committed.some(({ offset, undecided }) => offset >= 0 || undecided);
}

/** Asks the app where partitions begin, and answers in their order; of those that the answer leaves out, what is committed decides. */
export async function whereToBegin<P extends ReadPartition>(
  { resumeAt }: Pick<ConsumerOptions, 'resumeAt'>,
  partitions: readonly P[],
  committed: (partition: P) => Committed,
  truncatedAt: (partition: P) => number | undefined = () => undefined,
): Promise<readonly (number | undefined)[]> {
  if (resumeAt === undefined || partitions.length === 0) return [];
  return resumeAt(
    partitions.map(assigned => {
      const { topic, partition, epoch, topicId } = assigned;
      const { offset, metadata } = committed(assigned);
      const found = { topic, partition, epoch, topicId, offset: offset < 0 ? undefined : offset, metadata };
      return { ...found, truncatedAt: truncatedAt(assigned) };
    }),
  );
}

function grouped(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  const groups = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    const numbers = groups.get(topic);
    if (numbers === undefined) groups.set(topic, [partition]);
    else numbers.push(partition);
  }
  return [...groups].map(([topic, numbers]) => ({ topic, partitions: numbers }));
}

function indexed<P extends { readonly partition: number }, T>(
  responses: readonly { readonly topic: string; readonly partitions: readonly P[] }[],
  read: (answer: P) => T,
): Map<string, T> {
  const found = new Map<string, T>();
  for (const { topic, partitions } of responses) {
    for (const answer of partitions)
      found.set(partitionKey({ topic, partition: answer.partition }), read(answer));
  }
  return found;
}

/** kafkajs's offsets are strings; here they become numbers, or an error where a number is not exact. */
export function offsetOf(text: string): number {
  const offset = Number(text);
  if (Number.isSafeInteger(offset)) return offset;
  throw new KafkaRxError('DRIVER', 'An offset is beyond 2^53 and has no exact number');
}
