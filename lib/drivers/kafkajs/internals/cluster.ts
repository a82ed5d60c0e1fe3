/**
 * What this driver uses of kafkajs's src/cluster, and the way in. This folder is what it uses of kafkajs 2.2.4 beyond the
 * documented API: structural types, the way to them, and the check that they are there. Nothing else in the driver knows
 * kafkajs's inside.
 *
 * The way in is documented: kafkajs hands its cluster to every partition assigner
 * (`PartitionAssigner = ({ cluster, groupId, logger }) => Assigner`). A `Kafka` object's consumers have a cluster of
 * their own each, so that all changes made here concern one consumer alone, and nothing is patched globally.
 */
import { Buffer } from 'node:buffer';
import { AssignerProtocol, type Kafka, type PartitionAssigner } from 'kafkajs';
import { type Broker, requireBroker } from './broker.js';
import { type ConnectionPool, requirePool } from './network.js';
import { requireMethods, unknownKafkajs } from './unknown-kafkajs.js';

export interface PartitionMetadata {
  readonly partitionId: number;
  leader: number;
  partitionErrorCode: number;
}

/** A Metadata response as kafkajs decodes it. */
export interface KafkajsMetadata {
  topicMetadata: {
    readonly topic: string;
    readonly topicErrorCode: number;
    readonly partitionMetadata: readonly PartitionMetadata[];
  }[];
}

/** src/cluster/brokerPool.js */
export interface BrokerPool {
  createBroker(options: unknown): Broker;
  readonly connectionPoolBuilder: { build(destination?: unknown): Promise<ConnectionPool> };
  readonly brokers: Readonly<Record<string, Broker>>;
  readonly metadata: object | null;
  findConnectedBroker(): Promise<Broker>;
}

/** src/cluster/index.js */
export interface Cluster {
  readonly brokerPool: BrokerPool;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  isConnected(): boolean;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findBroker(node: { readonly nodeId: number | string }): Promise<Broker>;
  /** `coordinatorType` 1: of the transactions with that id. */
  findGroupCoordinator(group: {
    readonly groupId: string;
    readonly coordinatorType?: number;
  }): Promise<Broker>;
  getNodeIds(): readonly string[];
  findTopicPartitionMetadata(topic: string): readonly PartitionMetadata[];
  committedOffsets(group: { readonly groupId: string }): Record<string, Record<number, string>>;
}

const clusterMethods = [
  'connect',
  'disconnect',
  'isConnected',
  'addMultipleTargetTopics',
  'refreshMetadata',
  'refreshMetadataIfNecessary',
  'findBroker',
  'findGroupCoordinator',
  'getNodeIds',
  'findTopicPartitionMetadata',
  'committedOffsets',
] as const;

/**
 * The cluster as kafkajs gave it to an assigner, checked to be the one that we know.
 *
 * The check is of everything that is used, and not of a version number: a module that is built for ESM and CommonJS
 * alike cannot read kafkajs's package.json, and what matters is what is there.
 */
export function internalCluster(cluster: object): Cluster {
  requireMethods('Cluster', cluster, clusterMethods);
  const { brokerPool } = cluster as { brokerPool?: Partial<BrokerPool> };
  requireMethods('BrokerPool', brokerPool, ['createBroker', 'findConnectedBroker']);
  requireMethods('ConnectionPoolBuilder', brokerPool?.connectionPoolBuilder, ['build']);
  // Every member that the type names and that is used was just found; kafkajs 2.2.4 is the last version there is.
  return cluster as Cluster;
}

/** What is done to each broker and connection pool of one cluster, when kafkajs makes it. */
export interface ClusterTap {
  readonly broker?: ((broker: Broker) => void) | undefined;
  readonly pool?: ((pool: ConnectionPool) => void) | undefined;
}

/**
 * Has `tap` see each broker and connection pool of this cluster before its first use. Both are made lazily, through
 * `brokerPool.createBroker` and `connectionPoolBuilder.build`, which are properties of this cluster's own objects.
 */
export function tapCluster({ brokerPool }: Cluster, tap: ClusterTap): void {
  const { connectionPoolBuilder } = brokerPool;
  const createBroker = brokerPool.createBroker.bind(brokerPool);
  const build = connectionPoolBuilder.build.bind(connectionPoolBuilder);
  brokerPool.createBroker = options => {
    const broker = createBroker(options);
    requireBroker(broker);
    tap.broker?.(broker);
    return broker;
  };
  connectionPoolBuilder.build = async destination => {
    const pool = await build(destination);
    requirePool(pool);
    tap.pool?.(pool);
    return pool;
  };
}

/**
 * A cluster without a group: kafkajs has no public way to one, so a consumer that never joins gives up its own. Its
 * group id is never sent.
 */
export function clusterOf(kafka: Kafka, metadataMaxAge: number): Cluster {
  let found: Cluster | undefined;
  const assigner: PartitionAssigner = ({ cluster }) => {
    found = internalCluster(cluster);
    return {
      name: 'none',
      version: 0,
      assign: async () => [],
      protocol: () => ({
        name: 'none',
        metadata: AssignerProtocol.MemberMetadata.encode({
          version: 0,
          topics: [],
          userData: Buffer.alloc(0),
        }),
      }),
    };
  };
  kafka.consumer({
    groupId: 'never-joined',
    partitionAssigners: [assigner],
    metadataMaxAge,
    allowAutoTopicCreation: false,
    readUncommitted: true,
  });
  if (found === undefined) throw unknownKafkajs('Cluster');
  return found;
}
