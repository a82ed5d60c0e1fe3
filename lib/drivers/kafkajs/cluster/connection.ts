import { checkStartFrom } from '../../../base/check-start-from.js';
import { delay, within } from '../../../base/clock.js';
import { isKafkaRxError, KafkaRxError } from '../../../errors/errors.js';
import { Closables } from '../../closables.js';
import type {
  ConsumerListener,
  ConsumerOptions,
  DriverAdmin,
  DriverConnection,
  DriverConsumer,
  DriverContext,
  DriverProducer,
  ProducerOptions,
  TopicDescription,
} from '../../port.js';
import { compressionOf } from '../compression/batch-compression.js';
import { brokerOf, fatalErrorOf, kindOf, passingError } from '../errors.js';
import { FastPath } from '../fast-path.js';
import { isUnknownKafkajs } from '../internals/unknown-kafkajs.js';
import { type KafkajsPath, requireTopics } from '../kafkajs-path.js';
import type { Settings } from '../options.js';
import { KafkajsProducer } from '../producer/kafkajs-producer.js';
import type { BatchCompression } from '../protocol/record-batch-builder.js';
import { checkSecurity } from '../security/check-security.js';
import { StockPath } from '../stock/stock-path.js';
import { nobodyThere, reachAdvertised } from './advertised.js';
import { createKafka } from './client.js';
import { KafkajsAdmin } from './kafkajs-admin.js';

const betweenAttemptsMs = 200;

interface Reached {
  readonly path: KafkajsPath;
  readonly clusterId: string;
}

/** A connected client, by whichever path. */
export class KafkajsConnection implements DriverConnection {
  readonly clusterId: string;
  readonly admin: DriverAdmin;
  readonly unitOfWork: DriverConnection['unitOfWork'];
  readonly reader: DriverConnection['reader'];
  readonly #driver: DriverContext;
  readonly #settings: Settings;
  readonly #path: KafkajsPath;
  readonly #compression: BatchCompression | undefined;
  readonly #consumers = new Set<DriverConsumer>();
  readonly #producers = new Closables();
  readonly #readers = new Closables();
  #closed: Promise<void> | undefined;

  private constructor(
    driver: DriverContext,
    settings: Settings,
    compression: BatchCompression | undefined,
    { path, clusterId }: Reached,
  ) {
    this.#driver = driver;
    this.#settings = settings;
    this.#path = path;
    this.#compression = compression;
    this.clusterId = clusterId;
    const open = path.unitOfWork?.bind(path);
    this.unitOfWork =
      open &&
      (async (taskId, groupId, options) =>
        this.#producers.keep(await open(taskId, groupId, options, compression)));
    const read = path.reader?.bind(path);
    this.reader =
      read &&
      (of => {
        const reader = this.#readers.keep(read(of));
        if (this.#closed !== undefined) void reader.close();
        return reader;
      });
    this.admin = new KafkajsAdmin(driver, createKafka(settings, driver), path.queries);
  }

  /** Rejects with `UNREACHABLE`, naming the addresses, when none answered within the bound. */
  static async open(driver: DriverContext, settings: Settings): Promise<KafkajsConnection> {
    checkSecurity(settings, driver.logger);
    const compression = await compressionOf(settings.compression);
    const reached = await openPath(driver, settings);
    driver.event({ type: 'connected' });
    return new KafkajsConnection(driver, settings, compression, reached);
  }

  async topics(names?: readonly string[]): Promise<readonly TopicDescription[]> {
    const topics = await this.#path.queries.topics(names).catch(error => {
      if (isKafkaRxError(error)) throw error;
      // What may pass says so: a start-up tries again.
      throw fatalErrorOf(error) ?? passingError('UNREACHABLE', 'No answer about the topics', error);
    });
    return topics.map(({ name, id, partitions, internal }) => ({ name, id, partitions, internal }));
  }

  consumer(options: ConsumerOptions, listener: ConsumerListener): DriverConsumer {
    checkStartFrom('startFrom', options.startFrom);
    const consumer = this.#path.consumer(options, listener);
    this.#consumers.add(consumer);
    return consumer;
  }

  producer(options: ProducerOptions): DriverProducer {
    const { maxBatchBytes, maxRequestBytes } = this.#settings;
    return this.#producers.keep(
      new KafkajsProducer(
        {
          driver: this.#driver,
          transport: this.#path.transport(this.#compression),
          maxBatchBytes,
          maxRequestBytes,
          requireTopics: topics => requireTopics(this.#path.queries, topics),
        },
        options,
      ),
    );
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    try {
      await Promise.all([this.#readers.close(), ...[...this.#consumers].map(consumer => consumer.stop())]);
    } finally {
      // Whatever becomes of the others: no socket stays open.
      await this.#producers.close().finally(() => this.#path.close());
      this.#driver.event({ type: 'disconnected', error: undefined });
    }
  }
}

/** The path that the options ask for; with `auto` the stock one, and a warning, where kafkajs is another one inside. */
async function openPath(driver: DriverContext, settings: Settings): Promise<Reached> {
  if (settings.path === 'stock') return openStock(driver, settings);
  try {
    return await reach(driver, settings, () => new FastPath(driver, settings, createKafka(settings, driver)));
  } catch (error) {
    if (settings.path === 'fast' || !isUnknownKafkajs(error)) throw error;
    driver.logger.warn(
      { driver: 'kafkajs', path: 'stock', reason: error.message },
      "kafkajs's public API is used instead of its inside: slower, one straggler stops all partitions of its broker, " +
        'and more records may be repeated; install kafkajs 2.2.4 exactly, or say path: stock to accept it',
    );
    return openStock(driver, settings);
  }
}

function openStock(driver: DriverContext, settings: Settings): Promise<Reached> {
  return reach(driver, settings, () => new StockPath(driver, settings, createKafka(settings, driver)));
}

/** Asks for the cluster's id until a broker answers or the time is over. */
async function reach(driver: DriverContext, settings: Settings, make: () => KafkajsPath): Promise<Reached> {
  const { clock } = driver;
  const until = clock.elapsed() + settings.connectTimeoutMs;
  const path = make();
  let last: unknown;
  try {
    for (let attempt = 1; clock.elapsed() < until; attempt++) {
      try {
        const leftMs = Math.max(1, until - clock.elapsed());
        const known = await within(clock, path.reach(), leftMs);
        if (known === 'late') continue;
        const timeoutMs = Math.min(settings.connectionTimeoutMs, leftMs);
        await reachAdvertised(known.advertised, { clock, bootstrap: settings.brokers, timeoutMs });
        return { path, clusterId: known.clusterId };
      } catch (error) {
        last = error;
        const fatal = fatalErrorOf(error);
        if (fatal !== undefined) throw fatal;
        driver.event({
          type: 'retrying',
          what: 'connect',
          attempt,
          delayMs: betweenAttemptsMs,
          reason: unreachable(settings, error).message,
        });
        await delay(clock, betweenAttemptsMs);
      }
    }
    throw unreachable(settings, last);
  } catch (error) {
    await path.close();
    throw error;
  }
}

function unreachable({ brokers }: Settings, cause: unknown): KafkaRxError {
  if (isKafkaRxError(cause, 'UNREACHABLE')) return cause;
  // kafkajs has gone there by itself: an address that nobody gave it.
  const broker = brokerOf(cause);
  if (broker !== undefined && !brokers.includes(broker)) return nobodyThere([broker], brokers, cause);
  return new KafkaRxError('UNREACHABLE', `No broker answered at ${brokers.join(', ')}: ${kindOf(cause)}`, {
    cause,
    remedy: 'Check the addresses, that Kafka runs, and that it wants no other protocol (TLS, SASL).',
    retriable: true,
  });
}
