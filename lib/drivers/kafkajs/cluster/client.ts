import { Kafka, logLevel } from 'kafkajs';
import type { DriverContext } from '../../port.js';
import type { Settings } from '../options.js';
import { logBridge } from './log-bridge.js';
import { socketFactory } from './socket-factory.js';

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
