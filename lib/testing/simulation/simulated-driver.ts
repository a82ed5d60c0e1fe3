import type { Clock } from '../../base/clock.js';
import type {
  AssignedPartition,
  ConsumerListener,
  ConsumerOptions,
  Driver,
  DriverAdmin,
  DriverConnection,
  DriverConsumer,
  DriverContext,
  OffsetCommit,
  PartitionOffset,
  ProducerOptions,
} from '../../drivers/port.js';
import type { Holdings } from './holdings.js';
import { refusedCommit } from './refused-commit.js';
import { SimulatedProducer } from './simulated-producer.js';
import type { Wire } from './wire.js';

export interface SimulatedDriverParts {
  readonly wire: Wire;
  /** The process's. */
  readonly clock: Clock;
  /** The incarnation's name: its members are called after it. */
  readonly clientId: string;
  readonly inner: Driver;
  /** A member of this group has been made. */
  joined(groupId: string, consumer: DriverConsumer): void;
  /** The broker has stored these offsets, whether or not the process will hear of it. */
  committed(groupId: string, offsets: readonly StoredOffset[]): void;
  /** The id of a topic as it is now; `''` where there is none. */
  topicId(topic: string): string;
  /** Is told which partitions the process has. */
  readonly holdings: Holdings;
  /** The process has begun to give partitions up. */
  draining(boundMs: number, drained: Promise<void>): void;
  /** The simulation has refused a commit. */
  refused(): void;
}

/** An offset that the broker has stored, and of which incarnation of the topic its sender was speaking. */
export interface StoredOffset extends OffsetCommit {
  readonly topicId: string;
}

/** The embedded broker as seen by one incarnation of one process: everything through its wire. */
export function simulatedDriver(parts: SimulatedDriverParts): Driver {
  const { wire, clock, inner, clientId } = parts;
  return {
    name: 'simulated',
    clock,
    async connect(context: DriverContext) {
      const dropped = new DroppedCommits();
      const connection = await wire.call(
        'cluster',
        'connect',
        () =>
          inner.connect({
            ...context,
            clientId,
            clock,
            event: event => {
              if (event.type === 'commit-dropped') dropped.note(event);
              wire.deliver('cluster', () => context.event(event));
            },
          }),
        true,
      );
      return simulatedConnection(connection, dropped, parts);
    },
  };
}

/** What the broker has left out of commits, since it is of a topic that is gone: that is stored nowhere. */
class DroppedCommits {
  readonly #keys = new Set<string>();

  note(commit: PartitionOffset): void {
    this.#keys.add(keyOf(commit));
  }

  /** Whether this is among them, once. */
  take(commit: PartitionOffset): boolean {
    return this.#keys.delete(keyOf(commit));
  }
}

const keyOf = ({ topic, partition, offset }: PartitionOffset): string => `${topic}/${partition}@${offset}`;

function simulatedConnection(
  inner: DriverConnection,
  dropped: DroppedCommits,
  parts: SimulatedDriverParts,
): DriverConnection {
  const { wire } = parts;
  const call = <T>(what: string, effect: () => Promise<T>): Promise<T> =>
    wire.call('cluster', what, effect, true);
  const admin: DriverAdmin = {
    ...inner.admin,
    createTopics: topics => call('createTopics', () => inner.admin.createTopics(topics)),
    offsets: (topic, at) => call('offsets', () => inner.admin.offsets(topic, at)),
    committed: (groupId, topic) => call('committed', () => inner.admin.committed(groupId, topic)),
    resetOffsets: (groupId, offsets) =>
      call('resetOffsets', () => inner.admin.resetOffsets(groupId, offsets)),
  };
  return {
    clusterId: inner.clusterId,
    admin,
    topics: names => call('topics', () => inner.topics(names)),
    consumer: (options, listener) => simulatedConsumer(inner, options, listener, dropped, parts),
    producer: (options: ProducerOptions) => new SimulatedProducer(inner, options, wire),
    close: () => wire.call('cluster', 'close', () => inner.close(), false),
  };
}

function simulatedConsumer(
  connection: DriverConnection,
  options: ConsumerOptions,
  listener: ConsumerListener,
  dropped: DroppedCommits,
  { wire, joined, committed, topicId, holdings, draining, refused }: SimulatedDriverParts,
): DriverConsumer {
  const { resumeAt } = options;
  /** By partition and epoch: which incarnation of the topic was assigned. */
  const ids = new Map<string, string>();
  const epochOf = ({ topic, partition, epoch }: AssignedPartition): string =>
    `${topic}/${partition}/${epoch}`;
  const inner = connection.consumer(
    {
      ...options,
      resumeAt:
        resumeAt === undefined
          ? undefined
          : partitions => wire.ask('group', 'where to resume', () => resumeAt(partitions)),
    },
    {
      // One channel for all that a consumer tells: the port promises their order.
      assigned: partitions => {
        for (const one of partitions) ids.set(epochOf(one), topicId(one.topic));
        const hold = holdings.assigned(partitions);
        wire.deliver('group', () => {
          hold();
          listener.assigned(partitions);
        });
      },
      revoking: (partitions, boundMs) =>
        wire.ask('group', 'revoking', () => {
          const drained = listener.revoking(partitions, boundMs);
          const ended = (): void => holdings.ended(partitions);
          void drained.then(ended, ended);
          draining(boundMs, drained);
          return drained;
        }),
      lost: partitions =>
        wire.deliver('group', () => {
          listener.lost(partitions);
          holdings.ended(partitions);
        }),
      batch: batch => wire.deliver('group', () => listener.batch(batch)),
      confirmed: () => wire.deliver('group', () => listener.confirmed()),
      failed: error => wire.deliver('group', () => listener.failed(error)),
    },
  );
  joined(options.groupId, inner);
  return {
    get confirmedUntil() {
      return inner.confirmedUntil;
    },
    start: () => wire.call('group', 'start', () => inner.start(), false),
    subscribe: topics => wire.call('group', 'subscribe', () => inner.subscribe(topics), false),
    pause: partitions => inner.pause(partitions),
    resume: partitions => inner.resume(partitions),
    seek: (partition, offset) => inner.seek(partition, offset),
    standstills: () => inner.standstills?.() ?? [],
    commit: offsets =>
      wire.call(
        'commits',
        'commit',
        async () => {
          await inner.commit(offsets).catch(error => {
            if (error === refusedCommit) refused();
            throw error;
          });
          const stored = offsets.filter(one => !dropped.take(one));
          const told = stored.map(one => ({ ...one, topicId: ids.get(epochOf(one)) ?? topicId(one.topic) }));
          committed(options.groupId, told);
        },
        true,
      ),
    stop: () => wire.call('group', 'stop', () => inner.stop(), false),
  };
}
