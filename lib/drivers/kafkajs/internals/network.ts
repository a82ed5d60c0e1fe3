/** What this driver uses of kafkajs's src/network: connections, and the requests that wait on them. */
import type { ProtocolRequest } from '../protocol/protocol-request.js';
import { requireMethods, unknownKafkajs } from './unknown-kafkajs.js';

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

const connectionMethods = [
  'connect',
  'disconnect',
  'authenticate',
  'failIfNotConnected',
  'nextCorrelationId',
] as const;

const requestQueueMethods = ['push', 'maybeThrottle', 'scheduleCheckPendingRequests', 'rejectAll'] as const;

/** Throws `CONFIGURATION` where the pool is not the one that we know. */
export function requirePool(pool: ConnectionPool): void {
  requireMethods('ConnectionPool', pool, ['send', 'getConnection']);
  if (!Array.isArray(pool.pool)) throw unknownKafkajs('ConnectionPool');
  for (const connection of pool.pool) {
    requireMethods('Connection', connection, connectionMethods);
    if (!Array.isArray(connection.chunks)) throw unknownKafkajs('Connection');
    requireMethods('RequestQueue', connection.requestQueue, requestQueueMethods);
  }
}
