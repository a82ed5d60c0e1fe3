import type { SASLOptions } from 'kafkajs';
import { longestMs } from '../../base/clock.js';
import { kind, list, oneOf, required, secret, whole } from '../../base/option-kinds.js';
import { checkOptions, type Fields } from '../../base/option-schema.js';
import { type Sasl, saslKind, saslOf } from './security/sasl.js';
import { type Tls, tlsKind } from './security/tls.js';

/**
 * How record batches are compressed. `snappy` needs the package snappy, `lz4` lz4-napi, and `zstd` before Node 22.15
 * @bokuweb/zstd-wasm; or a codec in kafkajs's `CompressionCodecs`, which goes before ours for `gzip` too.
 */
export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** What becomes of a position that the broker does not have: kept too long, truncated, or of a topic made anew. */
export type OffsetReset = 'earliest' | 'latest' | 'fail';

/**
 * How kafkajs is used. `fast`: through the inside of 2.2.4, refusing any other version with `CONFIGURATION`. `stock`:
 * through its public API alone, with the limits that docs/drivers.md names. `auto`: `fast` where that is possible,
 * otherwise `stock`, with one warning in the log.
 */
export type KafkajsPathChoice = 'auto' | 'fast' | 'stock';

/** Options of {@link kafkajs}. @category Drivers @since 0.1.0 */
export interface KafkajsOptions {
  /** Addresses to begin with, `host:port`; the others are learned from them. At least one. */
  readonly brokers: readonly string[];
  /** How kafkajs is used. Default `auto`: its inside where it is 2.2.4, otherwise its public API, with a warning. */
  readonly path?: KafkajsPathChoice | undefined;
  /** TLS: `true`, or Node's options for `tls.connect`. Default: none. */
  readonly ssl?: boolean | Tls | undefined;
  /** Authentication. Default: none. */
  readonly sasl?: Sasl | undefined;
  /** Milliseconds that one address has to accept a connection. Default 3,000. */
  readonly connectionTimeoutMs?: number | undefined;
  /** Milliseconds that all addresses together have to answer in `connect`, before `UNREACHABLE`. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Milliseconds after which a request without an answer is given up; also how long a stop may take. Default 15,000. */
  readonly requestTimeoutMs?: number | undefined;
  /** The most that one fetch brings of one partition, bytes; a larger record comes alone. Default 1 MiB. */
  readonly maxBytesPerPartition?: number | undefined;
  /** The most that one fetch brings, bytes. Default 10 MiB. */
  readonly maxBytes?: number | undefined;
  /** Milliseconds that a fetch waits for a record. Default 500. */
  readonly maxWaitMs?: number | undefined;
  /** Milliseconds between heartbeats, and so until a rebalance is noticed; at most a third of the session timeout and a quarter of the rebalance timeout. Default 1,000. */
  readonly heartbeatIntervalMs?: number | undefined;
  /** Milliseconds after which metadata is asked for anew, and so until added partitions are found. Default 30,000. */
  readonly metadataMaxAgeMs?: number | undefined;
  /** Where to go on when the broker does not have the position; announced by `offset-reset`. Default `earliest`: nothing is skipped. */
  readonly offsetReset?: OffsetReset | undefined;
  /** Compression of what is produced; whatever is consumed decompresses by itself. Default `none`. */
  readonly compression?: Compression | undefined;
  /** The most that one fetched batch may hold, bytes after decompression; above it the app fails. Default 64 MiB. */
  readonly maxDecompressedBytes?: number | undefined;
  /** The most that one record batch holds, bytes before compression; below the broker's `message.max.bytes`. Default 900 KiB. */
  readonly maxBatchBytes?: number | undefined;
  /** The most that one produce request holds, bytes. Default 4 MiB. */
  readonly maxRequestBytes?: number | undefined;
}

/** {@link KafkajsOptions} with the defaults filled in. */
export interface Settings {
  readonly brokers: readonly string[];
  readonly path: KafkajsPathChoice;
  readonly ssl: boolean | Tls;
  readonly sasl: SASLOptions | undefined;
  readonly connectionTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly maxBytesPerPartition: number;
  readonly maxBytes: number;
  readonly maxWaitMs: number;
  readonly heartbeatIntervalMs: number;
  readonly metadataMaxAgeMs: number;
  readonly offsetReset: OffsetReset;
  readonly compression: Compression;
  readonly maxDecompressedBytes: number;
  readonly maxBatchBytes: number;
  readonly maxRequestBytes: number;
}

/** In milliseconds and bytes; docs/options.md is held to them by a test. */
export const defaults = {
  connectionTimeoutMs: 3_000,
  connectTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  maxBytesPerPartition: 1024 * 1024,
  maxBytes: 10 * 1024 * 1024,
  maxWaitMs: 500,
  heartbeatIntervalMs: 1_000,
  metadataMaxAgeMs: 30_000,
  maxDecompressedBytes: 64 * 1024 * 1024,
  maxBatchBytes: 900 * 1024,
  maxRequestBytes: 4 * 1024 * 1024,
} as const;

// Secret, since addresses of other systems have names and passwords in them.
// kafkajs splits at the first colon (src/cluster/connectionPoolBuilder.js), so that IPv6 addresses do not work.
const address = kind(
  'host:port, such as localhost:9092 (kafkajs takes no IPv6 address: give it a name)',
  given => {
    const port = typeof given === 'string' ? Number(/^[^:\s@/]+:(\d{1,5})$/.exec(given)?.[1]) : 0;
    return port > 0 && port < 65_536;
  },
);

/** kafkajs waits with Node's timers, and the protocol has 32 bits for them. */
const duration = whole(1, { to: longestMs });
const size = whole(1, { to: 2 ** 31 - 1 });

export const kafkajsOptions: Fields<KafkajsOptions> = {
  brokers: required(list(secret(address), 1)),
  path: oneOf('auto', 'fast', 'stock'),
  ssl: tlsKind,
  sasl: saslKind,
  connectionTimeoutMs: duration,
  connectTimeoutMs: duration,
  requestTimeoutMs: duration,
  maxBytesPerPartition: size,
  maxBytes: size,
  maxWaitMs: duration,
  heartbeatIntervalMs: duration,
  metadataMaxAgeMs: duration,
  offsetReset: oneOf('earliest', 'latest', 'fail'),
  compression: oneOf('none', 'gzip', 'snappy', 'lz4', 'zstd'),
  // What is decompressed is bounded by memory alone.
  maxDecompressedBytes: whole(1),
  maxBatchBytes: size,
  maxRequestBytes: size,
};

/** Fills in the defaults. Throws `CONFIGURATION` for what cannot be meant. */
export function settingsOf(options: KafkajsOptions): Settings {
  checkOptions('kafkajs', kafkajsOptions, options, defaults);
  const number = (name: keyof typeof defaults): number => options[name] ?? defaults[name];
  return {
    brokers: options.brokers,
    path: options.path ?? 'auto',
    ssl: options.ssl ?? false,
    sasl: saslOf(options.sasl),
    connectionTimeoutMs: number('connectionTimeoutMs'),
    connectTimeoutMs: number('connectTimeoutMs'),
    requestTimeoutMs: number('requestTimeoutMs'),
    maxBytesPerPartition: number('maxBytesPerPartition'),
    maxBytes: number('maxBytes'),
    maxWaitMs: number('maxWaitMs'),
    heartbeatIntervalMs: number('heartbeatIntervalMs'),
    metadataMaxAgeMs: number('metadataMaxAgeMs'),
    offsetReset: options.offsetReset ?? 'earliest',
    compression: options.compression ?? 'none',
    maxDecompressedBytes: number('maxDecompressedBytes'),
    maxBatchBytes: number('maxBatchBytes'),
    maxRequestBytes: number('maxRequestBytes'),
  };
}
