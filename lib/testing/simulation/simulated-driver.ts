import type { Clock } from '../../base/clock.js';
import { partitionKey } from '../../base/partition-key.js';
import { transactionalId } from '../../base/transactional-id.js';
import type {
  AssignedPartition,
  ConsumerListener,
  ConsumerOptions,
  Driver,
  DriverAdmin,
  DriverConnection,
  DriverConsumer,
  DriverContext,
  ProducerOptions,
  TopicPartition,
  UnitOfWork,
  UnitOptions,
} from '../../drivers/port.js';
import type { Holdings } from './holdings.js';
import { OffsetLabels, type StoredOffset } from './offset-labels.js';
import { Pauses } from './pauses.js';
import { refusedCommit } from './refused-commit.js';
import { SimulatedProducer } from './simulated-producer.js';
import { simulatedReaders } from './simulated-reader.js';
import { SimulatedUnit, type UndecidedParts } from './simulated-unit.js';
import { ToldEpochs } from './told-epochs.js';
import type { UnitWatch } from './unit-watch.js';
import type { Wire } from './wire.js';

export interface SimulatedDriverParts extends UndecidedParts {
  readonly wire: Wire;
  /** The process's. */
  readonly clock: Clock;
  /** The incarnation's name: its members are called after it. */
  readonly clientId: string;
  readonly inner: Driver;
  /** A member of this group has been made. */
  joined(groupId: string, consumer: DriverConsumer): void;
  /** The broker has stored these offsets, whether or not the process will hear of it. */
  committed(groupId: string, offsets: readonly StoredOffset[], isLate?: boolean): void;
  /** The id of a topic as it is now; `''` where there is none. */
  topicId(topic: string): string;
  readonly watch: UnitWatch;
  /** Is told which partitions the process has. */
  readonly holdings: Holdings;
  /** The process has begun to give partitions up. */
  draining(boundMs: number, drained: Promise<void>): void;
  /** The process has been asked where this partition begins, and wants it where the group has committed. */
  beginsAtCommit(partition: TopicPartition): void;
  /** The simulation has refused a commit. */
  refused(): void;
  /** The process has heard that epochs of these have begun. */
  begun(partitions: readonly AssignedPartition[]): void;
  /** It has these fetched no more. */
  paused(partitions: readonly TopicPartition[]): void;
  /** A reader has found the end of a partition. @returns called when the process hears of it */
  caughtUp(partition: AssignedPartition, position: number): () => void;
}

/** The embedded broker as seen by one incarnation of one process: everything through its wire. */
export function simulatedDriver(parts: SimulatedDriverParts): Driver {
  const { wire, clock, inner, clientId } = parts;
  return {
    name: 'simulated',
    clock,
    async connect(context: DriverContext) {
      const labels = new OffsetLabels(parts.topicId);
      const connection = await wire.call(
        'cluster',
        'connect',
        () =>
          inner.connect({
            ...context,
            clientId,
            clock,
            event: event => {
              if (event.type === 'commit-dropped') labels.dropped(event);
              wire.deliver('cluster', () => context.event(event));
            },
          }),
        true,
      );
      return simulatedConnection(connection, labels, parts);
    },
  };
}

function simulatedConnection(
  inner: DriverConnection,
  labels: OffsetLabels,
  parts: SimulatedDriverParts,
): DriverConnection {
  const { wire } = parts;
  const call = <T>(what: string, effect: () => Promise<T>): Promise<T> =>
    wire.call('cluster', what, effect, true);
  const admin: DriverAdmin = {
    ...inner.admin,
    createTopics: topics => call('createTopics', () => inner.admin.createTopics(topics)),
    deleteTopics: names => call('deleteTopics', () => inner.admin.deleteTopics(names)),
    deleteRecords: offsets => call('deleteRecords', () => inner.admin.deleteRecords(offsets)),
    offsets: (topic, at, options) => call('offsets', () => inner.admin.offsets(topic, at, options)),
    committed: (groupId, topic) => call('committed', () => inner.admin.committed(groupId, topic)),
    commits: (groupId, topic) => call('commits', () => inner.admin.commits(groupId, topic)),
    resetOffsets: (groupId, offsets) =>
      call('resetOffsets', () => inner.admin.resetOffsets(groupId, offsets)),
  };
  return {
    clusterId: inner.clusterId,
    admin,
    topics: names => call('topics', () => inner.topics(names)),
    consumer: (options, listener) => simulatedConsumer(inner, options, listener, labels, parts),
    producer: (options: ProducerOptions) => new SimulatedProducer(inner.producer(options), wire),
    ...(inner.unitOfWork && { unitOfWork: simulatedUnits(inner.unitOfWork, labels, parts) }),
    ...(inner.reader && { reader: simulatedReaders(inner.reader, wire) }),
    close: () => wire.call('cluster', 'close', () => inner.close(), false),
  };
}

/** Each opened through the wire: where the answer is lost, the unit is open all the same, and fences whoever had it before. */
function simulatedUnits(
  open: NonNullable<DriverConnection['unitOfWork']>,
  labels: OffsetLabels,
  parts: SimulatedDriverParts,
): NonNullable<DriverConnection['unitOfWork']> {
  const { wire, watch, clientId: owner } = parts;
  let opened = 0;
  return async (taskId: string, groupId: string, options: UnitOptions): Promise<UnitOfWork> => {
    const peer = `transactions ${taskId}`;
    const id = transactionalId(groupId, taskId);
    const [topic = '', partition] = taskId.split('/');
    const task = partitionKey({ topic, partition: Number(partition) });
    const ask = async (): Promise<UnitOfWork> => {
      watch.opening(id, owner, parts.isHeld(id));
      return open(taskId, groupId, options);
    };
    watch.asks(owner, task);
    try {
      const inner = await wire.call(peer, 'open unit', ask, true);
      const name = `${taskId} ${++opened}`;
      const unit = new SimulatedUnit(inner, { ...parts, labels, taskId, groupId, task, name, owner, peer });
      watch.opened(id, unit);
      return unit;
    } finally {
      watch.heard(owner, task);
    }
  };
}

function simulatedConsumer(
  connection: DriverConnection,
  options: ConsumerOptions,
  listener: ConsumerListener,
  labels: OffsetLabels,
  {
    wire,
    joined,
    committed,
    holdings,
    draining,
    refused,
    beginsAtCommit,
    begun,
    paused,
    caughtUp,
  }: SimulatedDriverParts,
): DriverConsumer {
  const { ready, resumeAt } = options;
  const epochs = new ToldEpochs();
  const pauses = new Pauses(options.coPartitioned, name => wire.mark(name));
  const inner = connection.consumer(
    {
      ...options,
      ready:
        ready === undefined
          ? undefined
          : partition => wire.ask('group', 'whether it is ready', async () => ready(partition)),
      resumeAt:
        resumeAt === undefined
          ? undefined
          : partitions =>
              wire.ask('group', 'where to resume', async () => {
                const wanted = await resumeAt(partitions);
                for (const [i, partition] of partitions.entries())
                  if (wanted[i] === undefined) beginsAtCommit(partition);
                return wanted;
              }),
    },
    {
      // One channel for all that a consumer tells: the port promises their order.
      assigned: partitions => {
        labels.begun(partitions);
        const hold = holdings.assigned(partitions);
        epochs.assigned(partitions);
        wire.deliver('group', () => {
          hold();
          epochs.heard(partitions);
          pauses.begun(partitions);
          begun(partitions);
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
      ...(listener.caughtUp && {
        caughtUp: (partition, position) => {
          const heard = caughtUp(partition, position);
          wire.deliver('group', () => {
            heard();
            listener.caughtUp?.(partition, position);
          });
        },
      }),
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
    pause: partitions => {
      pauses.paused(partitions);
      paused(partitions);
      inner.pause(epochs.known(partitions));
    },
    resume: partitions => {
      pauses.resumed(partitions);
      inner.resume(epochs.known(partitions));
    },
    seek: (partition, offset) => inner.seek(partition, offset),
    rewind: partitions => {
      pauses.begun(partitions);
      const between = epochs.between(partitions);
      if (between !== undefined) return between;
      const rewound = inner.rewind(partitions);
      labels.begun(rewound);
      epochs.rewound(rewound);
      begun(rewound);
      return rewound;
    },
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
          committed(options.groupId, labels.stored(offsets));
        },
        true,
      ),
    stop: () => wire.call('group', 'stop', () => inner.stop(), false),
  };
}
