/**
 * The connections of one cluster, mended where kafkajs's fail or leak. Every change is to objects of this cluster
 * alone. Each mend:
 *
 * - **Metadata.** A topic that is gone or a partition without a leader is left out, where kafkajs fails the whole
 *   answer (src/protocol/requests/metadata/v0/response.js), and with it every other topic.
 * - **Connecting.** Calls of `connect` while one is under way wait for that one. kafkajs opens a socket for each, uses
 *   the last and never closes the others (src/network/connection.js, connect).
 * - **Disconnecting.** A socket that is done with is let go of, since kafkajs ends it again with each further attempt to
 *   reach the broker (a MaxListenersExceededWarning after eleven).
 * - **Timers.** The check of pending requests is not armed while none is pending. kafkajs re-arms it for ever with a
 *   negative delay (src/network/requestQueue/index.js, scheduleCheckPendingRequests): a thousand timers a second for
 *   each idle connection, and a TimeoutNegativeWarning on Node 24. A request that has to wait arms it itself, in `push`.
 * - **Closing.** It is final and bounded. kafkajs waits for every request, and its retriers connect again behind it.
 */
import { within } from '../../clock.js';
import type { DriverContext } from '../port.js';
import { closedError } from './errors.js';
import {
  type Broker,
  type Cluster,
  type ConnectionPool,
  type KafkajsMetadata,
  tapCluster,
} from './internals.js';

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

  /** Disconnects in good order within the bound, then by cutting the sockets; no connection is made any more. */
  async close(boundMs: number): Promise<void> {
    this.#closed = true;
    const done = this.#cluster.disconnect().catch(() => {});
    await within(this.#driver.clock, done, boundMs);
    for (const { pool } of this.#pools) {
      for (const { socket } of pool) socket?.destroy();
    }
  }

  #mend(pool: ConnectionPool): void {
    this.#pools.push(pool);
    const send = pool.send.bind(pool);
    pool.send = request => {
      const { apiKey, apiVersion } = request.request;
      if (apiKey !== metadataKey || apiVersion > kafkajsMetadataVersion) return send(request);
      const { decode, parse } = request.response;
      const tolerant: typeof parse = data => {
        // kafkajs's own request: its decoder gives this shape (src/protocol/requests/metadata/v5/response.js).
        this.#leaveOutAbsent(data as KafkajsMetadata);
        return parse(data);
      };
      return send({ ...request, response: { decode, parse: tolerant } });
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
      const disconnect = connection.disconnect.bind(connection);
      connection.disconnect = async () => {
        const { socket } = connection;
        const done = await disconnect();
        if (connection.socket === socket) connection.socket = null;
        return done;
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
