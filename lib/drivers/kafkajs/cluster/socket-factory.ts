import { isIP, connect as netConnect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls';
import type { ISocketFactory } from 'kafkajs';
import { withDefaults } from '../../../base/with-defaults.js';
import { type Tls, tlsOptions } from '../security/tls.js';

const keepAliveMs = 60_000;

/**
 * kafkajs's own socket (src/network/socketFactory.js), but a socket that was destroyed on this side says so: kafkajs
 * listens for `end` and `error` only, and where neither comes leaves requests to their timeout, and a connect that is
 * under way for ever, with the broker's lock in its hand. The options of TLS are made for each socket, so that a renewed
 * certificate is taken up.
 *
 * Without Nagle's algorithm, as Java's client: a request of more than 1,024 parts (some 500 partitions) is more than one
 * write, and the second would wait for the broker's delayed acknowledgement of the first, about 40 ms.
 */
export const socketFactory =
  (ssl: boolean | Tls): ISocketFactory =>
  ({ host, port, onConnect }) => {
    let state: 'connecting' | 'connected' | 'ended' = 'connecting';
    const connected = (): void => {
      state = 'connected';
      onConnect();
    };
    const options = tlsOptions(ssl);
    const socket: Socket = options
      ? tlsConnect(secured(host, port, options), connected)
      : netConnect({ host, port }, connected);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveMs);
    const ended = (): void => {
      state = 'ended';
    };
    socket.once('end', ended);
    socket.once('error', ended);
    socket.once('close', () => {
      if (state === 'connected') socket.emit('end');
      else if (state === 'connecting') socket.emit('error', new Error('given up before it was connected'));
    });
    return socket;
  };

/** What is left out, or undefined, is told by the address. */
function secured(host: string, port: number, options: ConnectionOptions): ConnectionOptions {
  const known: ConnectionOptions = isIP(host) ? { host, port } : { host, port, servername: host };
  return withDefaults<ConnectionOptions, ConnectionOptions>(known, options);
}
