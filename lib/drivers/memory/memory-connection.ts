import { checkStartFrom } from '../../base/check-start-from.js';
import { Closables } from '../closables.js';
import type {
  ConsumerListener,
  ConsumerOptions,
  DriverAdmin,
  DriverConnection,
  DriverConsumer,
  DriverContext,
  DriverProducer,
  PartitionOffset,
  ProducerOptions,
  StartFrom,
  TopicDescription,
  UnitOfWork,
} from '../port.js';
import type { Cluster } from './cluster.js';
import { MemoryConsumer } from './memory-consumer.js';
import { MemoryProducer } from './memory-producer.js';
import { MemoryUnitOfWork } from './memory-unit-of-work.js';

/** One client's connection to the embedded broker. */
export class MemoryConnection implements DriverConnection {
  readonly clusterId: string;
  readonly admin: DriverAdmin;
  readonly #cluster: Cluster;
  readonly #context: DriverContext;
  readonly #consumers = new Set<MemoryConsumer>();
  readonly #producers = new Closables();
  readonly #forgetReachability: () => void;
  #closed: Promise<void> | undefined;

  constructor(cluster: Cluster, context: DriverContext) {
    this.clusterId = cluster.id;
    this.#cluster = cluster;
    this.#context = context;
    this.admin = {
      createTopics: async topics => {
        this.#requireCluster();
        for (const { name, partitions } of topics) {
          if (cluster.partitionCount(name) === 0) cluster.ensureTopic(name, partitions);
        }
      },
      offsets: async (topic: string, at: StartFrom) => {
        checkStartFrom('offsets', at);
        this.#requireCluster();
        return cluster.logs(topic).map(log => log.offsetAt(at));
      },
      committed: async (groupId: string, topic: string) => {
        this.#requireCluster();
        const group = cluster.group(groupId);
        return cluster.logs(topic).map((_, partition) => group.committed({ topic, partition }).offset);
      },
      resetOffsets: async (groupId: string, offsets: readonly PartitionOffset[]) => {
        this.#requireCluster();
        for (const at of offsets) cluster.log(at);
        const refused = cluster.group(groupId).reset(offsets);
        if (refused !== undefined) throw refused;
      },
    };
    this.#forgetReachability = cluster.onReachable(reachable => this.#tell(reachable));
    this.#tell(true);
  }

  async topics(names?: readonly string[]): Promise<readonly TopicDescription[]> {
    this.#requireCluster();
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

  readonly unitOfWork = async (taskId: string, groupId: string): Promise<UnitOfWork> => {
    this.#requireCluster();
    const unit = new MemoryUnitOfWork(this.#cluster, this.#context, `${groupId}/${taskId}`, () =>
      [...this.#consumers].find(({ group, memberId }) => group.id === groupId && group.member(memberId)),
    );
    return this.#producers.keep(unit);
  };

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#forgetReachability();
    await Promise.all([...this.#consumers].map(consumer => consumer.stop()));
    await this.#producers.close();
  }

  #requireCluster(): void {
    if (!this.#cluster.reachable) throw this.#cluster.unreachable();
  }

  /** Deferred: an event, too, comes never inside a call. */
  #tell(reachable: boolean): void {
    this.#cluster.clock.defer(() => {
      if (this.#closed !== undefined) return;
      this.#context.event(
        reachable ? { type: 'connected' } : { type: 'disconnected', error: this.#cluster.unreachable() },
      );
    }, 'connection');
  }
}
