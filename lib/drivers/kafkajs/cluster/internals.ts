/**
 * What this driver uses of kafkajs 2.2.4 beyond its documented API: structural types, the way to them, and the check
 * that they are there. Nothing else in the driver knows kafkajs's inside.
 *
 * The way in is documented: kafkajs hands its cluster to every partition assigner
 * (`PartitionAssigner = ({ cluster, groupId, logger }) => Assigner`). A `Kafka` object's consumers have a cluster of
 * their own each, so that all changes made here concern one consumer alone, and nothing is patched globally.
 */
import { AssignerProtocol, type Kafka, type PartitionAssigner } from 'kafkajs';
import { KafkaRxError } from '../../../errors/errors.js';
import type { ProtocolRequest } from '../protocol/protocol-request.js';

/** src/network/requestQueue/index.js */
export interface RequestQueue {
  readonly pending: readonly unknown[];
  push(request: QueuedRequest): void;
  maybeThrottle(clientSideThrottleTime: number): void;
  scheduleCheckPendingRequests(): void;
  rejectAll(error: Error): void;
}

/** What waits in the queue, and what becomes of it: `sendRequest` is called when its turn comes. */
export interface QueuedRequest {
  readonly entry: {
    readonly apiKey: number;
    readonly apiName: string;
    readonly apiVersion: number;
    readonly correlationId: number;
    readonly resolve: (response: { readonly payload: Buffer }) => void;
    readonly reject: (error: unknown) => void;
  };
  readonly expectResponse: boolean;
  readonly requestTimeout: number | null;
  readonly sendRequest: () => void;
}

/** src/network/connection.js */
export interface Connection {
  readonly requestQueue: RequestQueue;
  readonly clientId: string;
  socket?: Socket | null;
  /** What was received of an answer that is not whole yet, how many bytes, and how many it takes to go on. */
  chunks: Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  failIfNotConnected(): void;
  nextCorrelationId(): number;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  authenticate(): Promise<void>;
  send<T>(request: ProtocolRequest<T>): Promise<T>;
}

interface Socket {
  destroy(): void;
  cork(): void;
  uncork(): void;
  write(bytes: Buffer): boolean;
}

/** src/network/connectionPool.js: two connections, the second one for fetches alone. */
export interface ConnectionPool {
  readonly pool: readonly Connection[];
  getConnection(index: number): Promise<Connection>;
  readonly host: string;
  readonly port: number;
  send<T>(request: ProtocolRequest<T>): Promise<T>;
}

export interface JoinGroupRequest {
  readonly groupId: string;
  readonly memberId: string;
}

export interface GroupGeneration {
  readonly groupId: string;
  readonly memberId: string;
  readonly groupGenerationId: number;
}

export interface SyncGroupRequest {
  readonly groupId: string;
  readonly memberId: string;
  readonly generationId: number;
}

export interface FetchParameters {
  readonly maxWaitTime: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number }[];
  }[];
}

interface PartitionAnswers<T> {
  readonly responses: readonly {
    readonly topic: string;
    readonly partitions: readonly ({ readonly partition: number; readonly offset: string } & T)[];
  }[];
}

/** src/broker/index.js */
export interface Broker {
  readonly nodeId: number | string | null;
  readonly versions: Readonly<Record<number, { readonly maxVersion: number } | undefined>> | null;
  readonly connectionPool: ConnectionPool;
  isConnected(): boolean;
  disconnect(): Promise<void>;
  joinGroup(request: JoinGroupRequest): Promise<{ readonly generationId: number; readonly memberId: string }>;
  syncGroup(request: SyncGroupRequest): Promise<unknown>;
  leaveGroup(request: { readonly groupId: string; readonly memberId: string }): Promise<unknown>;
  heartbeat(request: GroupGeneration): Promise<unknown>;
  fetch(request: FetchParameters): Promise<{ readonly responses: readonly never[] }>;
  offsetCommit(
    request: GroupGeneration & {
      readonly topics: readonly {
        readonly topic: string;
        readonly partitions: readonly {
          readonly partition: number;
          readonly offset: string;
          readonly metadata?: string | undefined;
        }[];
      }[];
    },
  ): Promise<unknown>;
  offsetFetch(request: {
    readonly groupId: string;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number }[];
    }[];
  }): Promise<PartitionAnswers<{ readonly metadata: string | null }>>;
  listOffsets(request: {
    readonly isolationLevel: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly timestamp: number }[];
    }[];
  }): Promise<PartitionAnswers<unknown>>;
}

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

const connectionMethods = [
  'connect',
  'disconnect',
  'authenticate',
  'failIfNotConnected',
  'nextCorrelationId',
] as const;

const requestQueueMethods = ['push', 'maybeThrottle', 'scheduleCheckPendingRequests', 'rejectAll'] as const;

const brokerMethods = [
  'isConnected',
  'disconnect',
  'joinGroup',
  'syncGroup',
  'leaveGroup',
  'heartbeat',
  'fetch',
  'offsetCommit',
  'offsetFetch',
  'listOffsets',
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
    requireMethods('Broker', broker, brokerMethods);
    tap.broker?.(broker);
    return broker;
  };
  connectionPoolBuilder.build = async destination => {
    const pool = await build(destination);
    requireMethods('ConnectionPool', pool, ['send', 'getConnection']);
    if (!Array.isArray(pool.pool)) throw unknownKafkajs('ConnectionPool');
    for (const connection of pool.pool) {
      requireMethods('Connection', connection, connectionMethods);
      if (!Array.isArray(connection.chunks)) throw unknownKafkajs('Connection');
      requireMethods('RequestQueue', connection.requestQueue, requestQueueMethods);
    }
    tap.pool?.(pool);
    return pool;
  };
}

/**
 * Sends a request of our own to a broker, with what `Broker` itself does about a connection that was closed
 * (src/broker/index.js, SEND_REQUEST).
 */
export function sendTo<T>(broker: Broker, request: ProtocolRequest<T>): Promise<T> {
  return sendBy(broker, () => broker.connectionPool.send(request));
}

/** The same for a request that is sent by other means. */
export async function sendBy<T>(broker: Broker, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof Error && error.name === 'KafkaJSConnectionClosedError') await broker.disconnect();
    throw error;
  }
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

function requireMethods(what: string, object: object | undefined, names: readonly string[]): void {
  const methods = (object ?? {}) as Record<string, unknown>;
  if (!names.every(name => typeof methods[name] === 'function')) throw unknownKafkajs(what);
}

/** Tells by the message's beginning and not by its class: it may have come through kafkajs, which wraps it. */
const unknown = 'The installed kafkajs is not 2.2.4 inside';

function unknownKafkajs(what: string): KafkaRxError {
  return new KafkaRxError('CONFIGURATION', `${unknown}: its ${what} is another`, {
    remedy:
      "Install kafkajs 2.2.4 exactly (npm install --save-exact kafkajs@2.2.4), or choose path: 'stock'.",
  });
}

/** Whether the fast path cannot be used with the kafkajs that is installed. */
export function isUnknownKafkajs(error: unknown): error is KafkaRxError {
  return error instanceof KafkaRxError && error.code === 'CONFIGURATION' && error.message.startsWith(unknown);
}

/** Whether this is what kafkajs's stand-ins for codecs throw (src/protocol/message/compression/index.js). */
export function isNotImplemented(error: unknown): boolean {
  return error instanceof Error && error.name === 'KafkaJSNotImplemented';
}

/** The codec that kafkajs registers for gzip itself, to be told from one that a user put in its place. */
export async function kafkajsGzip(): Promise<unknown> {
  // By a name that the compiler does not follow: kafkajs has no types for its inside.
  const path: string = 'kafkajs/src/protocol/message/compression/gzip.js';
  // A CommonJS module, which is the default export however this one is built.
  const { default: codec } = (await import(path)) as { readonly default: unknown };
  return codec;
}
