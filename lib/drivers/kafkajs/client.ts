import { isIP, connect as netConnect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { type ISocketFactory, Kafka, logLevel } from 'kafkajs';
import type { DriverContext } from '../port.js';
import { logBridge } from './log-bridge.js';
import type { Settings } from './options.js';
import { type Tls, tlsOptions } from './security/tls.js';

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
    ...(settings.sasl === undefined ? {} : { sasl: settings.sasl }),
    connectionTimeout: settings.connectionTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    retry: innerRetry,
    socketFactory: socketFactory(settings.ssl),
    logCreator: logBridge(logger),
    logLevel: logLevel.INFO,
  });
}

const keepAliveMs = 60_000;

/**
 * kafkajs's own socket (src/network/socketFactory.js), but a socket that was destroyed on this side says so: kafkajs
 * listens for `end` and `error` only, and where neither comes leaves requests to their timeout, and a connect that is
 * under way for ever, with the broker's lock in its hand. The options of TLS are made for each socket, so that a renewed
 * certificate is taken up.
 */
const socketFactory =
  (ssl: boolean | Tls): ISocketFactory =>
  ({ host, port, onConnect }) => {
    let state: 'connecting' | 'connected' | 'ended' = 'connecting';
    const connected = (): void => {
      state = 'connected';
      onConnect();
    };
    const options = tlsOptions(ssl);
    const socket: Socket = options
      ? tlsConnect({ host, port, ...(isIP(host) ? {} : { servername: host }), ...options }, connected)
      : netConnect({ host, port }, connected);
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
