import { checkStartFrom } from '../../base/check-start-from.js';
import { transactionalId } from '../../base/transactional-id.js';
import { Closables } from '../closables.js';
import type {
  ConsumerListener,
  ConsumerOptions,
  DriverAdmin,
  DriverConnection,
  DriverConsumer,
  DriverContext,
  DriverProducer,
  PartitionReader,
  ProducerOptions,
  ReaderOptions,
  TopicDescription,
  UnitOfWork,
  UnitOptions,
} from '../port.js';
import { type Cluster, unreachable } from './cluster.js';
import { MemoryAdmin } from './memory-admin.js';
import { MemoryConsumer } from './memory-consumer.js';
import { MemoryProducer } from './memory-producer.js';
import { MemoryReader } from './memory-reader.js';
import { MemoryUnitOfWork } from './memory-unit-of-work.js';

/** One client's connection to the embedded broker. */
export class MemoryConnection implements DriverConnection {
  readonly clusterId: string;
  readonly admin: DriverAdmin;
  readonly #cluster: Cluster;
  readonly #context: DriverContext;
  readonly #consumers = new Set<MemoryConsumer>();
  readonly #producers = new Closables();
  readonly #readers = new Closables();
  readonly #forgetReachability: () => void;
  #closed: Promise<void> | undefined;

  constructor(cluster: Cluster, context: DriverContext) {
    this.clusterId = cluster.id;
    this.#cluster = cluster;
    this.#context = context;
    this.admin = new MemoryAdmin(cluster);
    this.#forgetReachability = cluster.onReachable(reachable => this.#tell(reachable));
    this.#tell(true);
  }

  async topics(names?: readonly string[]): Promise<readonly TopicDescription[]> {
    this.#cluster.requireReachable();
    const all = this.#cluster.describe();
    return names === undefined ? all : all.filter(({ name }) => names.includes(name));
  }

  consumer(options: ConsumerOptions, listener: ConsumerListener): DriverConsumer {
    checkStartFrom('startFrom', options.startFrom);
    const consumer = new MemoryConsumer(this.#cluster, this.#context, options, listener);
    this.#consumers.add(consumer);
    return consumer;
  }

  producer(options: ProducerOptions): DriverProducer {
    return this.#producers.keep(new MemoryProducer(this.#cluster, this.#context, options));
  }

  readonly unitOfWork = async (
    taskId: string,
    groupId: string,
    options: UnitOptions,
  ): Promise<UnitOfWork> => {
    this.#cluster.requireReachable();
    const unit = await MemoryUnitOfWork.open({
      cluster: this.#cluster,
      context: this.#context,
      transactionalId: transactionalId(groupId, taskId),
      options,
      consumer: () =>
        [...this.#consumers].find(({ group, memberId }) => group.id === groupId && group.member(memberId)),
    });
    return this.#producers.keep(unit);
  };

  readonly reader = (options: ReaderOptions): PartitionReader => {
    const reader = this.#readers.keep(new MemoryReader(this.#cluster, options));
    if (this.#closed !== undefined) void reader.close();
    return reader;
  };

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#forgetReachability();
    await Promise.all([this.#readers.close(), ...[...this.#consumers].map(consumer => consumer.stop())]);
    await this.#producers.close();
  }

  /** Deferred: an event, too, comes never inside a call. */
  #tell(reachable: boolean): void {
    this.#cluster.clock.defer(() => {
      if (this.#closed !== undefined) return;
      this.#context.event(reachable ? { type: 'connected' } : { type: 'disconnected', error: unreachable() });
    }, 'connection');
  }
}
