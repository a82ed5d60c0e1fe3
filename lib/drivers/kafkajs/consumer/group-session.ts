import type { Consumer } from 'kafkajs';
import { within } from '../../../base/clock.js';
import type { ConsumerOptions, DriverContext } from '../../port.js';
import { createKafka } from '../cluster/client.js';
import { ClusterConnections } from '../cluster/cluster-connections.js';
import type { Broker } from '../internals/broker.js';
import { type Cluster, internalCluster } from '../internals/cluster.js';
import type { Settings } from '../options.js';
import { consumerConfig, partitionsOf } from './consumer-config.js';
import type { ClientSession, SessionEvents } from './consumer-sessions.js';
import { tapGroupProtocol } from './group-protocol-tap.js';
import type { Membership } from './membership.js';
import type { PartitionFetcher } from './partition-fetcher.js';
import { stickyAssigner } from './sticky-assigner.js';

export interface SessionContext extends SessionEvents {
  readonly driver: DriverContext;
  readonly settings: Settings;
  readonly options: ConsumerOptions;
  readonly topics: readonly string[];
  readonly membership: Membership;
  readonly fetcher: PartitionFetcher;
  /** A topic of the subscription is not in the metadata. */
  readonly absentTopic: (topic: string) => void;
}

const stopBoundMs = 1_000;

/**
 * One kafkajs consumer, from connecting to its end. The membership outlives it: a crash or another subscription is a
 * new session of the same member.
 *
 * What kafkajs is kept for: connections, metadata, the group protocol, and a loop for each broker. It never has a
 * record nor a position (see {@link PartitionFetcher}), and restarts nothing by itself.
 */
export class GroupSession implements ClientSession {
  readonly #context: SessionContext;
  readonly #consumer: Consumer;
  readonly #cluster: Cluster;
  readonly #connections: ClusterConnections;
  #open = true;
  #closed: Promise<void> | undefined;

  constructor(context: SessionContext) {
    this.#context = context;
    const { driver, settings, options, membership, fetcher } = context;
    let found: Cluster | undefined;
    const assigner = stickyAssigner(
      () => ({ owned: membership.owned, coPartitioned: options.coPartitioned }),
      cluster => {
        found = internalCluster(cluster);
      },
    );
    this.#consumer = createKafka(settings, driver).consumer(consumerConfig(settings, options, assigner));
    // kafkajs calls the assigner's factory within `consumer` (src/consumer/index.js), so it is set.
    const cluster = found as Cluster | undefined;
    if (cluster === undefined) throw new Error('kafkajs made no assigner');
    this.#cluster = cluster;
    tolerateDeadBrokers(cluster);
    endLoops(cluster, () => this.#open);
    this.#connections = new ClusterConnections(cluster, driver, {
      broker: broker => {
        tapGroupProtocol(broker, driver.clock, () => (this.#open ? membership : undefined), membership);
        fetcher.tap(broker, cluster, () => this.#open);
      },
      absentTopic: topic => context.absentTopic(topic),
    });
    this.#consumer.on(this.#consumer.events.GROUP_JOIN, ({ payload }) =>
      this.#joined(payload.memberAssignment),
    );
    this.#consumer.on(this.#consumer.events.CRASH, ({ payload }) => this.#end(payload.error));
  }

  /** Connects and joins; what comes of it is told by `joined` and `ended`. Never rejects. */
  async run(): Promise<void> {
    try {
      await this.#consumer.connect();
      await this.#consumer.subscribe({ topics: [...this.#context.topics], fromBeginning: true });
      // `run` resolves even if the first join failed (src/consumer/runner.js, start): a crash tells it.
      await this.#consumer.run({ autoCommit: false, eachBatch: async () => {} });
    } catch (error) {
      this.#end(error);
    }
  }

  /** The group's coordinator, connected. */
  findCoordinator(): Promise<Broker> {
    return this.#cluster.findGroupCoordinator({ groupId: this.#context.options.groupId });
  }

  /** Ends the session without leaving the group; settles within a second or two. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#open = false;
    this.#context.fetcher.interrupt();
    const { driver } = this.#context;
    // `stop` waits for a join that is under way (src/consumer/runner.js); cutting the connections ends that.
    const stopped = this.#consumer.stop().catch(() => {});
    // An id that is on its way has to be heard of: the coordinator waits for whoever has it.
    await within(driver.clock, Promise.all([stopped, this.#context.membership.asked]), stopBoundMs);
    await this.#connections.close();
  }

  /** Runs within kafkajs's `emit`, in the same turn as the join and so before the first fetch. */
  #joined(memberAssignment: Readonly<Record<string, readonly number[]>>): void {
    if (!this.#open) return;
    const { options, joined } = this.#context;
    const partitions = partitionsOf(memberAssignment);
    // kafkajs asks for committed offsets of those it does not know, and lists the log's where there are none, before
    // it fetches (src/consumer/offsetManager/index.js, resolveOffsets). Positions are ours, so it gets any number.
    const known = this.#cluster.committedOffsets({ groupId: options.groupId });
    for (const { topic, partition } of partitions) {
      known[topic] ??= {};
      known[topic][partition] = '0';
    }
    joined(partitions);
  }

  #end(error: unknown): void {
    if (!this.#open) return;
    // After a crash kafkajs has disconnected already; before `run` it has not.
    void this.close();
    this.#context.ended(error);
  }
}

/**
 * Keeps trouble with one broker from the others. kafkajs's `fetch` first refreshes old metadata, then looks the broker
 * up, and where either fails or hangs it stops the loops of all brokers, which waits for each of them, and after some
 * retries the consumer (src/consumer/consumerGroup.js, fetch and recoverFromFetch). It takes Kafka seconds to give a
 * dead broker's partitions to another, during which those of the others can go on. So:
 * - the loop gets a broker that cannot be reached; the fetcher meets the same error itself, and holds back that
 *   broker's partitions alone (a coordinator still has to be connected);
 * - old metadata is refreshed behind the loop's back; meanwhile it uses what it has.
 */
function tolerateDeadBrokers(cluster: Cluster): void {
  const findBroker = cluster.findBroker.bind(cluster);
  const findGroupCoordinator = cluster.findGroupCoordinator.bind(cluster);
  const refreshIfNecessary = cluster.refreshMetadataIfNecessary.bind(cluster);
  cluster.findBroker = async node => {
    try {
      return await findBroker(node);
    } catch (error) {
      const broker = cluster.brokerPool.brokers[node.nodeId];
      if (broker === undefined) throw error;
      return broker;
    }
  };
  cluster.findGroupCoordinator = async group => {
    const broker = await findGroupCoordinator(group);
    return broker.isConnected() || broker.nodeId === null ? broker : findBroker({ nodeId: broker.nodeId });
  };
  cluster.refreshMetadataIfNecessary = async () => {
    const refreshed = refreshIfNecessary();
    if (cluster.brokerPool.metadata === null) await refreshed;
    else refreshed.catch(() => {}); // the next round tries again, and may ask another broker
  };
}

/**
 * Has kafkajs's fetch loops end with the session. Where the brokers have changed, kafkajs ends its loops and begins new
 * ones (src/consumer/fetchManager.js, start); a `stop` in between ends the old ones only, and the new ones spin: the runner
 * answers them at once that it does not run, and no timer and no socket of the process ever gets its turn again. Without a
 * broker there is no loop.
 */
export function endLoops(cluster: Pick<Cluster, 'getNodeIds'>, isOpen: () => boolean): void {
  const getNodeIds = cluster.getNodeIds.bind(cluster);
  cluster.getNodeIds = () => (isOpen() ? getNodeIds() : []);
}
