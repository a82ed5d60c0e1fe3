import { Buffer } from 'node:buffer';
import { type Broker, sendBy } from '../internals/broker.js';
import type { Connection } from '../internals/network.js';
import { ByteWriter } from '../protocol/byte-writer.js';
import type { PartsRequest, Throttled } from '../protocol/protocol-request.js';

/** All but fetches go by the first connection (src/network/connectionPool.js, getConnectionByRequest). */
const forAllButFetches = 0;

/** Up to here one copy costs less than a write of each part. */
const copiedBytes = 16 * 1024;

/**
 * Sends a request, a large one without copying its body: what `Connection.send` does (src/network/connection.js), but for the
 * framing, which there copies the body into two buffers that are new and zeroed. The parts must not be written to until
 * the answer has come; where none does, not at all.
 */
export function sendParts<T extends Throttled>(broker: Broker, request: PartsRequest<T>): Promise<T> {
  return sendBy(broker, async () => {
    const connection = await broker.connectionPool.getConnection(forAllButFetches);
    await connection.authenticate();
    const payload = await exchange(connection, request);
    const response = request.decode(payload);
    connection.requestQueue.maybeThrottle(response.clientSideThrottleTime);
    return response;
  });
}

function exchange(
  connection: Connection,
  { apiKey, apiVersion, apiName, parts }: PartsRequest<Throttled>,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    connection.failIfNotConnected();
    const correlationId = connection.nextCorrelationId();
    const header = headerOf(connection.clientId, apiKey, apiVersion, correlationId, parts);
    const size = header.readInt32BE(0) + 4;
    connection.requestQueue.push({
      entry: {
        ...{ apiKey, apiVersion, apiName, correlationId, reject },
        resolve: ({ payload }) => resolve(payload),
      },
      expectResponse: true,
      requestTimeout: null,
      sendRequest: () => {
        const { socket } = connection;
        if (!socket) {
          connection.failIfNotConnected();
          return;
        }
        if (size <= copiedBytes) {
          socket.write(Buffer.concat([header, ...parts], size));
          return;
        }
        socket.cork();
        socket.write(header);
        for (const part of parts) socket.write(part);
        socket.uncork();
      },
    });
  });
}

/** Length and request header, version 1. */
function headerOf(
  clientId: string,
  apiKey: number,
  apiVersion: number,
  correlationId: number,
  parts: readonly Buffer[],
): Buffer {
  const header = new ByteWriter(64)
    .int32(0)
    .int16(apiKey)
    .int16(apiVersion)
    .int32(correlationId)
    .string(clientId).buffer;
  const size = parts.reduce((sum, part) => sum + part.length, header.length);
  header.writeInt32BE(size - 4, 0);
  return header;
}
