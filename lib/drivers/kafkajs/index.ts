import type { Driver } from '../port.js';
import { KafkajsConnection } from './cluster/connection.js';
import { type KafkajsOptions, settingsOf } from './options.js';

export type { Compression, KafkajsOptions, KafkajsPathChoice, OffsetReset } from './options.js';
export type { Sasl } from './security/sasl.js';
export type { Secret, SecretSource } from './security/secret.js';
export type { Tls } from './security/tls.js';

/**
 * The driver for a real cluster, on kafkajs 2.2.4: Kafka 3.1 and later, KRaft or not.
 *
 * @example
 * ```ts
 * const app = createApp({ groupId: 'purchases', driver: kafkajs({ brokers: ['localhost:9092'] }) });
 * ```
 * @param options addresses, TLS, authentication and tuning; wrong ones throw `CONFIGURATION` here
 * @category Drivers
 * @since 0.1.0
 */
export function kafkajs(options: KafkajsOptions): Driver {
  const settings = settingsOf(options);
  return { name: 'kafkajs', connect: context => KafkajsConnection.open(context, settings) };
}
