import { ClusterConnections } from '../../../lib/drivers/kafkajs/cluster/cluster-connections.js';
import type { Cluster } from '../../../lib/drivers/kafkajs/internals/cluster.js';
import type { ConnectionPool } from '../../../lib/drivers/kafkajs/internals/network.js';
import { quietContext } from '../quiet-context.js';
import { ManualClock } from './manual-clock.js';

/**
 * A connection to kafka:9093 such as kafkajs makes, with the mends of {@link ClusterConnections}.
 *
 * @param send answers its requests
 * @param authenticate what it authenticates by, given its `send`
 */
export async function mendedConnection(
  send: () => Promise<unknown>,
  authenticate: (send: () => Promise<unknown>) => Promise<unknown>,
): Promise<{ authenticate(): Promise<unknown> }> {
  const connection = {
    requestQueue: {
      pending: [],
      push: () => {},
      maybeThrottle: () => {},
      scheduleCheckPendingRequests: () => {},
      rejectAll: () => {},
    },
    connect: async () => {},
    disconnect: async () => {},
    failIfNotConnected: () => {},
    nextCorrelationId: () => 0,
    chunks: [],
    send,
    authenticate(): Promise<unknown> {
      return authenticate(() => this.send());
    },
  };
  const pool = { pool: [connection], host: 'kafka', port: 9093, send, getConnection: send };
  const builder = { build: async () => pool as unknown as ConnectionPool };
  const brokerPool = { createBroker: () => undefined, connectionPoolBuilder: builder };
  const driver = quietContext('test', new ManualClock());
  // The parts of a cluster that are mended.
  new ClusterConnections({ brokerPool } as unknown as Cluster, driver);
  await builder.build();
  return connection;
}
