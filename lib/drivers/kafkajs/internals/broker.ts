/** What this driver uses of kafkajs's src/broker: the requests that kafkajs makes, and a way for our own. */
import { fieldOf } from '../../../errors/field-of.js';
import type { ProtocolRequest } from '../protocol/protocol-request.js';
import type { ConnectionPool } from './network.js';
import { requireMethods } from './unknown-kafkajs.js';

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
  /** One call at a time; the others wait for it. Asks what the broker can do, where that is not known. */
  connect(): Promise<void>;
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

/** Throws `CONFIGURATION` where the broker is not the one that we know. */
export function requireBroker(broker: Broker): void {
  requireMethods('Broker', broker, brokerMethods);
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
    if (fieldOf(error, 'name') === 'KafkaJSConnectionClosedError') await broker.disconnect();
    throw error;
  }
}
