/**
 * The connections of one cluster, mended where kafkajs's fail or leak. Every change is to objects of this cluster
 * alone. Each mend:
 *
 * - **Metadata.** A topic that is gone or a partition without a leader is left out, where kafkajs fails the whole
 *   answer (src/protocol/requests/metadata/v0/response.js), and with it every other topic.
 * - **Connecting.** Calls of `connect` while one is under way wait for that one. kafkajs opens a socket for each, uses
 *   the last and never closes the others (src/network/connection.js, connect).
 * - **Disconnecting.** It is at once: requests under way are rejected, the socket is cut and dropped. kafkajs waits for
 *   their answers, also those of a broker that was taken out of the metadata because it hangs, and every refresh of the
 *   metadata waits with it (src/cluster/brokerPool.js, refreshMetadata); and it ends the same socket again and again.
 * - **Answers.** What was received of an answer when the line broke is thrown away. kafkajs keeps it, puts what the next
 *   socket brings behind it (src/network/connection.js, processData), and from then on no answer of that connection finds
 *   its request: a consumer whose fetch was cut in the middle fetches nothing any more.
 * - **Questions.** An answer about metadata or the coordinator that takes long is not waited for; the next attempt asks
 *   another broker.
 * - **Timers.** The check of pending requests is not armed while none is pending. kafkajs re-arms it for ever with a
 *   negative delay (src/network/requestQueue/index.js, scheduleCheckPendingRequests): a thousand timers a second for
 *   each idle connection, and a TimeoutNegativeWarning on Node 24. A request that has to wait arms it itself, in `push`.
 * - **Authentication.** What failed is told apart: kafkajs calls a connection that was cut meanwhile refused credentials
 *   too (src/broker/saslAuthenticator/plain.js), and does not say which broker refused them.
 * - **Closing.** It is final. kafkajs's retriers would connect again behind it.
 */
import { within } from '../../../base/clock.js';
import { fieldOf } from '../../../errors/field-of.js';
import type { DriverContext } from '../../port.js';
import { closedError, NotAuthenticated } from '../errors.js';
import type { Broker } from '../internals/broker.js';
import { type Cluster, type KafkajsMetadata, tapCluster } from '../internals/cluster.js';
import type { Connection, ConnectionPool } from '../internals/network.js';
import type { ProtocolRequest } from '../protocol/protocol-request.js';

export interface ClusterTaps {
  /** Sees each broker before its first use. */
  readonly broker?: (broker: Broker) => void;
  /** A topic that was asked for is not in the metadata. */
  readonly absentTopic?: (topic: string) => void;
}

const metadataKey = 3;
/** The last version of kafkajs's own Metadata request; ours is a later one. */
const kafkajsMetadataVersion = 6;
/** UNKNOWN_TOPIC_OR_PARTITION, LEADER_NOT_AVAILABLE, TOPIC_AUTHORIZATION_FAILED. */
const absent: ReadonlySet<number> = new Set([3, 5, 29]);
const findCoordinatorKey = 10;
/** A broker that is well answers in milliseconds, unless a request before it on that connection is held. */
const questionBoundMs = 3_000;
const closeBoundMs = 1_000;
/** Of an answer, in front of it. */
const lengthBytes = 4;
const leaderNotAvailable = 5;
const replicaNotAvailable = 9;

export class ClusterConnections {
  readonly #cluster: Cluster;
  readonly #driver: DriverContext;
  readonly #taps: ClusterTaps;
  /** Every pool that was ever made: kafkajs forgets those of brokers that it replaced. */
  readonly #pools: ConnectionPool[] = [];
  #closed = false;

  constructor(cluster: Cluster, driver: DriverContext, taps: ClusterTaps = {}) {
    this.#cluster = cluster;
    this.#driver = driver;
    this.#taps = taps;
    tapCluster(cluster, { broker: taps.broker, pool: pool => this.#mend(pool) });
  }

  /** Disconnects everything, and lets nothing connect any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await within(
      this.#driver.clock,
      this.#cluster.disconnect().catch(() => {}),
      closeBoundMs,
    );
    await Promise.all(this.#pools.flatMap(({ pool }) => pool.map(connection => connection.disconnect())));
  }

  #mend(pool: ConnectionPool): void {
    this.#pools.push(pool);
    const send = pool.send.bind(pool);
    pool.send = async request => {
      const { apiKey, apiVersion } = request.request;
      if (apiKey !== metadataKey && apiKey !== findCoordinatorKey) return send(request);
      const { decode, parse } = request.response;
      const tolerant: typeof parse = data => {
        // kafkajs's own request: its decoder gives this shape (src/protocol/requests/metadata/v5/response.js).
        if (apiKey === metadataKey && apiVersion <= kafkajsMetadataVersion)
          this.#leaveOutAbsent(data as KafkajsMetadata);
        return parse(data);
      };
      const answer = send({ ...request, response: { decode, parse: tolerant } });
      const inTime = await within(this.#driver.clock, answer, questionBoundMs);
      if (inTime === 'late') throw connectionError('KafkaJSRequestTimeoutError', pool);
      return inTime;
    };
    for (const connection of pool.pool) {
      const { requestQueue } = connection;
      const schedule = requestQueue.scheduleCheckPendingRequests.bind(requestQueue);
      requestQueue.scheduleCheckPendingRequests = () => {
        if (requestQueue.pending.length > 0) schedule();
      };
      const connect = connection.connect.bind(connection);
      let connecting: Promise<unknown> | undefined;
      connection.connect = () => {
        if (this.#closed) return Promise.reject(closedError('connection'));
        connecting ??= connect().finally(() => {
          connecting = undefined;
        });
        return connecting;
      };
      mendAuthentication(connection, pool);
      const disconnect = connection.disconnect.bind(connection);
      connection.disconnect = async () => {
        const { socket } = connection;
        connection.socket = null;
        socket?.destroy();
        connection.chunks = [];
        connection.bytesBuffered = 0;
        connection.bytesNeeded = lengthBytes;
        requestQueue.rejectAll(connectionError('KafkaJSConnectionClosedError', pool));
        return disconnect();
      };
    }
  }

  #leaveOutAbsent(metadata: KafkajsMetadata): void {
    const there: KafkajsMetadata['topicMetadata'] = [];
    for (const topic of metadata.topicMetadata) {
      if (absent.has(topic.topicErrorCode)) this.#taps.absentTopic?.(topic.topic);
      else there.push(topic);
    }
    metadata.topicMetadata = there;
    for (const partition of there.flatMap(({ partitionMetadata }) => partitionMetadata)) {
      const code = partition.partitionErrorCode;
      if (code === leaderNotAvailable) partition.leader = -1;
      if (code === leaderNotAvailable || code === replicaNotAvailable) partition.partitionErrorCode = 0;
    }
  }
}

/** Errors that kafkajs gives a request whose connection was lost. */
const cuts: ReadonlySet<unknown> = new Set([
  'KafkaJSConnectionClosedError',
  'KafkaJSConnectionError',
  'KafkaJSRequestTimeoutError',
]);

function mendAuthentication(connection: Connection, { host, port }: ConnectionPool): void {
  const authenticate = connection.authenticate.bind(connection);
  const { send } = connection;
  const attempt = async (): Promise<void> => {
    let cut: unknown;
    // Until it is authenticated, nothing else is sent on it.
    connection.send = async <T>(request: ProtocolRequest<T>): Promise<T> => {
      try {
        return await send.call<Connection, [ProtocolRequest<T>], Promise<T>>(connection, request);
      } catch (error) {
        if (cuts.has(fieldOf(error, 'name'))) cut = error;
        throw error;
      }
    };
    try {
      await authenticate();
    } catch (error) {
      if (cut !== undefined) throw cut;
      throw new NotAuthenticated(error, `${host}:${port}`);
    } finally {
      connection.send = send;
    }
  };
  let authenticating: Promise<void> | undefined;
  connection.authenticate = () => {
    authenticating ??= attempt().finally(() => {
      authenticating = undefined;
    });
    return authenticating;
  };
}

/** An error such as kafkajs's own, by the name that it tells them by (src/errors.js). */
function connectionError(name: string, { host, port }: ConnectionPool): Error {
  return Object.assign(new Error('the connection was given up'), { name, retriable: true, host, port });
}
