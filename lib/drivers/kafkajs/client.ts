/** One `Kafka` object and its mended cluster: what a consumer, and the producers together, stand on. */
import { isIP, connect as netConnect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { type ISocketFactory, Kafka, logLevel } from 'kafkajs';
import { within } from '../../clock.js';
import type { DriverContext } from '../port.js';
import { brokersOf, type Cluster, type ConnectionPool, type KafkajsMetadata } from './internals.js';
import { logBridge } from './log-bridge.js';
import type { Settings } from './options.js';

/**
 * Retries inside kafkajs, kept short (about 2 s in all): what fails longer is ours to retry, where it is told by an
 * event and can be stopped.
 */
export const innerRetry = {
  retries: 5,
  initialRetryTime: 100,
  maxRetryTime: 1_000,
  factor: 0.2,
  multiplier: 2,
};

/** A new `Kafka`. One for each consumer: kafkajs shares committed offsets among all clients of one (src/index.js, OFFSETS). */
export function createKafka(settings: Settings, { clientId, logger }: DriverContext): Kafka {
  return new Kafka({
    clientId,
    brokers: [...settings.brokers],
    ssl: settings.ssl,
    ...(settings.sasl === undefined ? {} : { sasl: settings.sasl }),
    connectionTimeout: settings.connectionTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    retry: innerRetry,
    socketFactory,
    logCreator: logBridge(logger),
    logLevel: logLevel.INFO,
  });
}

const keepAliveMs = 60_000;

/**
 * kafkajs's own socket (src/network/socketFactory.js), but a socket that was destroyed on this side says so: kafkajs
 * listens for `end` and `error` only, and leaves requests to their timeout where neither comes.
 */
const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  // kafkajs types `ssl` as always there; it is undefined without TLS.
  const options: object | undefined = ssl;
  const socket: Socket = options
    ? tlsConnect({ host, port, ...(isIP(host) ? {} : { servername: host }), ...options }, onConnect)
    : netConnect({ host, port }, onConnect);
  socket.setKeepAlive(true, keepAliveMs);
  let ended = false;
  const end = (): void => {
    ended = true;
  };
  socket.once('end', end);
  socket.once('error', end);
  socket.once('close', () => {
    if (!ended) socket.emit('end');
  });
  return socket;
};

const metadataKey = 3;
/** UNKNOWN_TOPIC_OR_PARTITION, LEADER_NOT_AVAILABLE, REPLICA_NOT_AVAILABLE, TOPIC_AUTHORIZATION_FAILED. */
const absent: ReadonlySet<number> = new Set([3, 5, 29]);
const leaderless: ReadonlySet<number> = new Set([5, 9]);

/**
 * Mends a connection pool, this one alone:
 * - A topic that is gone or a partition without a leader is left out of the metadata, where kafkajs fails all of it
 *   (src/protocol/requests/metadata/v0/response.js), and with it every other topic.
 * - The check of pending requests is not armed while none is pending. kafkajs re-arms it for ever with a negative
 *   delay (src/network/requestQueue/index.js, scheduleCheckPendingRequests): a thousand timers a second for each
 *   idle connection, and a TimeoutNegativeWarning on Node 24. A request that is held back arms it itself, in `push`.
 */
export function mendPool(pool: ConnectionPool): void {
  const send = pool.send.bind(pool);
  pool.send = request => {
    if (request.request.apiKey !== metadataKey || request.request.apiVersion > 6) return send(request);
    const { decode, parse } = request.response;
    const tolerant: typeof parse = data => {
      // kafkajs's own Metadata request: its decoder gives this shape (src/protocol/requests/metadata/v5/response.js).
      leaveOutAbsent(data as KafkajsMetadata);
      return parse(data);
    };
    return send({ ...request, response: { decode, parse: tolerant } });
  };
  for (const { requestQueue } of pool.pool) {
    const schedule = requestQueue.scheduleCheckPendingRequests.bind(requestQueue);
    requestQueue.scheduleCheckPendingRequests = () => {
      if (requestQueue.pending.length > 0) schedule();
    };
  }
}

function leaveOutAbsent(metadata: KafkajsMetadata): void {
  metadata.topicMetadata = metadata.topicMetadata.filter(topic => !absent.has(topic.topicErrorCode));
  for (const { partitionMetadata } of metadata.topicMetadata) {
    for (const partition of partitionMetadata) {
      if (!leaderless.has(partition.partitionErrorCode)) continue;
      if (partition.partitionErrorCode === 5) partition.leader = -1;
      partition.partitionErrorCode = 0;
    }
  }
}

/** Disconnects within a bound; then the sockets are cut, since kafkajs waits for every request (src/network/connection.js). */
export async function disconnect(cluster: Cluster, { clock }: DriverContext, boundMs: number): Promise<void> {
  const brokers = brokersOf(cluster);
  const done = cluster.disconnect().catch(() => {});
  if ((await within(clock, done, boundMs)) !== 'late') return;
  for (const { connectionPool } of brokers) {
    for (const { socket } of connectionPool.pool) socket?.destroy();
  }
}
