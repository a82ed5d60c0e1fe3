import type {
  ConsumerListener,
  ConsumerOptions,
  DriverConsumer,
  PartitionOffset,
  PartitionReader,
  ReaderOptions,
  StartFrom,
  TopicDescription,
  UnitOfWork,
  UnitOptions,
} from '../port.js';
import type { Committed } from '../topic-commits.js';
import type { KnownCluster } from './cluster/advertised.js';
import { missingTopics } from './errors.js';
import type { ProduceTransport } from './producer/produce-transport.js';
import type { BatchCompression } from './protocol/record-batch-builder.js';

/** A topic as the cluster describes it; one that has no leader yet is there, but not ready. */
export interface KnownTopic extends TopicDescription {
  readonly ready: boolean;
}

/** Questions to the cluster, each asked once: whoever asks decides whether to ask again. */
export interface ClusterQueries {
  /** All topics, or those named that exist. */
  topics(names?: readonly string[]): Promise<readonly KnownTopic[]>;
  /** Per partition, in partition order. @param readCommitted default false; where it cannot be told, rejects with `CONFIGURATION` */
  offsets(topic: string, at: StartFrom, readCommitted?: boolean): Promise<readonly number[]>;
  /** Whether the group has committed anything, of whatever topic. */
  hasCommitted(groupId: string): Promise<boolean>;
  /** Per partition, in partition order. */
  committed(groupId: string, topic: string): Promise<readonly Committed[]>;
  /** Rejects with `GROUP_ACTIVE` while the group has a member. */
  resetOffsets(groupId: string, offsets: readonly PartitionOffset[]): Promise<void>;
  /**
   * Deletes all records below these offsets. Rejects with `MISSING_TOPIC` naming a partition that there is not, with `CONFIGURATION` for an
   * offset above the end.
   */
  deleteRecords(offsets: readonly PartitionOffset[]): Promise<void>;
  /** Asks for the metadata anew, before a question is repeated. */
  refresh(): Promise<void>;
}

/** A way to use kafkajs: the fast path through its inside, or the stock path through its public API alone. */
export interface KafkajsPath {
  readonly queries: ClusterQueries;
  /** Connects, where that is not done yet, and tells what answered. */
  reach(): Promise<KnownCluster>;
  /** A way to the partition leaders, one for each producer. */
  transport(compression: BatchCompression | undefined): ProduceTransport;
  consumer(options: ConsumerOptions, listener: ConsumerListener): DriverConsumer;
  /** As the port has it; absent where the path has no transactions. */
  unitOfWork?(
    taskId: string,
    groupId: string,
    options: UnitOptions,
    compression: BatchCompression | undefined,
  ): Promise<UnitOfWork & { readonly isClosed: boolean }>;
  /** As the port has it; absent where the path has none. */
  reader?(options: ReaderOptions): PartitionReader & { readonly isClosed: boolean };
  close(): Promise<void>;
}

/** Rejects with `MISSING_TOPIC` naming those that do not exist. */
export async function requireTopics(queries: ClusterQueries, names: readonly string[]): Promise<void> {
  const known = new Set((await queries.topics(names)).map(({ name }) => name));
  const missing = names.filter(name => !known.has(name));
  if (missing.length > 0) throw missingTopics(missing);
}
