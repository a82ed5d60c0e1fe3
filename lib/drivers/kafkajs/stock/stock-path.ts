import { type Admin, CompressionTypes, type Kafka } from 'kafkajs';
import { within } from '../../../base/clock.js';
import type { ConsumerListener, ConsumerOptions, DriverContext } from '../../port.js';
import type { KnownCluster } from '../cluster/advertised.js';
import type { KafkajsPath } from '../kafkajs-path.js';
import type { Settings } from '../options.js';
import type { ProduceTransport } from '../producer/produce-transport.js';
import type { BatchCompression } from '../protocol/record-batch-builder.js';
import { StockConsumer } from './stock-consumer.js';
import { StockQueries } from './stock-queries.js';
import { StockTransport } from './stock-transport.js';

const closeBoundMs = 1_000;

/** Through kafkajs's public API alone; docs/drivers.md names what it costs. */
export class StockPath implements KafkajsPath {
  readonly queries: StockQueries;
  readonly #driver: DriverContext;
  readonly #settings: Settings;
  readonly #kafka: Kafka;
  readonly #admin: Admin;
  readonly #transports: StockTransport[] = [];

  constructor(driver: DriverContext, settings: Settings, kafka: Kafka) {
    this.#driver = driver;
    this.#settings = settings;
    this.#kafka = kafka;
    this.#admin = kafka.admin();
    this.queries = new StockQueries(this.#admin, () => kafka.admin());
  }

  async reach(): Promise<KnownCluster> {
    await this.#admin.connect();
    const { clusterId, brokers } = await this.#admin.describeCluster();
    return { clusterId, advertised: brokers.map(({ host, port }) => `${host}:${port}`) };
  }

  transport(compression: BatchCompression | undefined): ProduceTransport {
    const id = compression?.id ?? CompressionTypes.None;
    const transport = new StockTransport(this.#driver.clock, this.#settings, this.#kafka, this.#admin, id);
    this.#transports.push(transport);
    return transport;
  }

  consumer(options: ConsumerOptions, listener: ConsumerListener): StockConsumer {
    return new StockConsumer(this.#driver, this.#settings, this.queries, options, listener);
  }

  /** kafkajs waits for answers, also of a broker that hangs; beyond the bound it closes behind our back. */
  async close(): Promise<void> {
    const closed = Promise.all([
      ...this.#transports.map(transport => transport.close()),
      this.queries.close(),
      this.#admin.disconnect().catch(() => {}),
    ]);
    await within(this.#driver.clock, closed, closeBoundMs);
  }
}
