import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { systemClock } from '../../../../lib/base/clock.js';
import { ClusterConnections } from '../../../../lib/drivers/kafkajs/cluster/cluster-connections.js';
import type { Cluster } from '../../../../lib/drivers/kafkajs/internals/cluster.js';
import type { Connection, ConnectionPool } from '../../../../lib/drivers/kafkajs/internals/network.js';
import { ByteWriter } from '../../../../lib/drivers/kafkajs/protocol/byte-writer.js';
import type { ProtocolRequest } from '../../../../lib/drivers/kafkajs/protocol/protocol-request.js';
import { silentLogger } from '../../../../lib/logging/logger.js';

const require = createRequire(__filename);
/** kafkajs's own (src/network/connection.js). */
const KafkajsConnection: new (options: object) => Connection = require('kafkajs/src/network/connection');

const nothing = (): void => {};
const logger: object = {
  namespace: () => logger,
  ...{ debug: nothing, info: nothing, warn: nothing, error: nothing },
};

/** A connection of kafkajs's as this driver has it. */
async function mended(port: number): Promise<Connection> {
  const socketFactory = ({ host, onConnect }: { host: string; onConnect: () => void }): Socket =>
    connect({ host, port }, onConnect);
  const connection = new KafkajsConnection({
    ...{ host: '127.0.0.1', port, logger, socketFactory, connectionTimeout: 1_000, requestTimeout: 1_000 },
    ...{ enforceRequestTimeout: true, maxInFlightRequests: null },
  });
  const pool = { pool: [connection], host: '127.0.0.1', port, send: nothing, getConnection: nothing };
  const builder = { build: async () => pool as unknown as ConnectionPool };
  const brokerPool = { createBroker: () => undefined, connectionPoolBuilder: builder };
  const context = { clientId: 'test', clock: systemClock, logger: silentLogger, event: nothing };
  new ClusterConnections({ brokerPool } as unknown as Cluster, context);
  await builder.build();
  return connection;
}

const request: ProtocolRequest<string> = {
  request: { apiKey: 99, apiVersion: 0, apiName: 'Echo', encode: async () => new ByteWriter().int32(1) },
  response: { decode: async payload => payload.toString(), parse: async text => text },
};

test('an answer that was cut in its middle does not spoil those of the next socket', async () => {
  let requests = 0;
  const server = createServer(socket => {
    socket.on('error', nothing);
    socket.on('data', data => {
      const body = Buffer.from('the whole answer');
      const head = Buffer.alloc(8);
      head.writeInt32BE(4 + body.length, 0);
      data.copy(head, 4, 8, 12); // the correlation id
      const answer = Buffer.concat([head, body]);
      requests++;
      if (requests > 1) socket.write(answer);
      else socket.write(answer.subarray(0, 12), () => setTimeout(() => socket.resetAndDestroy(), 20));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connection = await mended((server.address() as AddressInfo).port);
  try {
    await connection.connect();
    await expect(connection.send(request)).rejects.toThrow();
    await connection.connect();
    expect(await connection.send(request)).toBe('the whole answer');
  } finally {
    await connection.disconnect();
    server.close();
  }
});
