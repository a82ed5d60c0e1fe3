import type {
  CommittedPartition,
  ConsumerOptions,
  DriverConnection,
  DriverContext,
  TopicDescription,
} from '../drivers/port.js';
import { isKafkaRxError, KafkaRxError } from '../errors/errors.js';
import { ResumePoints } from '../flow/commit/resume-points.js';
import { unconfirmed } from '../flow/commit/unconfirmed.js';
import { EndOffsets } from '../flow/source/end-offsets.js';
import { TopicWatch } from '../flow/source/topic-watch.js';
import type { UnitCommitRun } from '../flow/tasks/unit-commit.js';
import type { AppParts } from './app-parts.js';
import type { Closers } from './closers.js';
import { CoPartitionedCounts, requireCoPartitioned } from './co-partitioned.js';
import { defaults } from './defaults.js';
import { guardAgainstStall } from './lifecycle/stall-guard.js';
import { consumerOptions, unitOptions } from './options.js';
import { OwnStores } from './own-stores.js';
import { isUnreachable, StartTries } from './start-tries.js';
import { raisedAgainstStall, stallTimeoutOf } from './unit-timeouts.js';

/**
 * Opens, in this order: connection, stores, topics, producer, consumer. Whatever was opened is among the closers. Each step
 * is given up when the app is to end (rejects with `Interrupted`); one that takes long is a reason in `health()`. What may pass is
 * tried again, all of it within `connectTimeoutMs`.
 */
export async function startUp(parts: AppParts, closers: Closers): Promise<void> {
  const {
    options,
    clock,
    ending,
    slow,
    host,
    lifecycle,
    wiring,
    views,
    outputs,
    member,
    rebalance,
    lanes,
    readings,
    states,
    tasks,
    units,
  } = parts;
  const tries = new StartTries({
    clock,
    event: event => lifecycle.tell({ type: 'driver', event }),
    timeoutMs: options.connectTimeoutMs ?? defaults.connectTimeoutMs,
    ended: () => ending.isReached,
  });
  const once = <T>(what: string, work: () => Promise<T>, undo?: (late: T) => unknown): Promise<T> =>
    ending.before(() => slow.during(what, (async () => work())()), undo);
  const step: typeof once = (what, work, undo) => once(what, () => tries.of(what, work), undo);

  const stores = new OwnStores(wiring.stores, options.groupId);
  for (const store of wiring.stores)
    closers.behind(
      `the use of '${store.name}'`,
      () => stores.giveBack(store, wiring.writing(store)),
      () => stores.giveBack(store, undefined),
    );
  const connection = await once(
    'a broker to answer',
    () => connected(parts, tries),
    late => late.close(),
  );
  closers.behind('the connection', () => connection.close());
  parts.cluster.connected(connection);
  for (const store of wiring.stores) {
    // Also one that opens too late, or in part.
    const close = () => store.close();
    closers.behind(`the store '${store.name}'`, close, close);
    await step(`the store '${store.name}' to open`, () => stores.open(store), close);
  }
  await step('the topics of the states', () => states.open(connection));
  closers.behind(
    'the states',
    () => states.close(),
    () => states.crash(),
  );
  const watch = new TopicWatch(
    views.all.map(view => view.pattern),
    outputs.topics,
    {
      connection: { topics: names => slow.during('the list of topics', connection.topics(names)) },
      clock,
      everyMs: options.discoveryMs ?? defaults.source.discoveryMs,
      waiting: reason => lifecycle.waits.begin({ reason }),
      failed: error => host.fail(error),
    },
  );
  closers.first(() => watch.stop());
  const first = await step('the list of topics', () => watch.first());
  const { coPartitioned } = tasks;
  const takes = (found: readonly TopicDescription[]): readonly string[] => {
    requireCoPartitioned(found, coPartitioned);
    return subscribed(found, parts);
  };
  const topics = takes(first);
  closers.behind('the producer', () => outputs.close());
  await step('the topics of the sinks', () => outputs.open(connection));

  const resume = resumePoints(connection, parts);
  const byUnits = options.guarantee === 'exactly-once' || states.any;
  if (byUnits) {
    units.runs(unitsOf(connection, resume, parts));
    closers.behind('the units of work', () => units.ended());
  }
  const ready: ConsumerOptions['ready'] = byUnits ? partition => units.ready(partition) : undefined;
  const resumeAt = beginningOf(connection, resume, parts);
  rebalance.begins();
  const consumer = connection.consumer(
    consumerOptions(options, coPartitioned, topics, resumeAt, ready),
    rebalance,
  );
  member.joins(consumer, resume.notedBefore(consumer));
  await step('the group to answer', () => consumer.start());
  closers.first(
    guardAgainstStall({
      clock,
      timeoutMs: stallTimeoutOf(options),
      toRaise: raisedAgainstStall(options),
      partitions: readings,
      retries: () => lifecycle.retries,
      stalled: (error, at) => {
        const fatal = byUnits ? units.stalled(at, error) : error;
        if (fatal !== undefined) host.fail(fatal);
        return fatal === undefined;
      },
    }),
  );
  const ends = new EndOffsets({
    clock,
    admin: {
      offsets: (topic, at) =>
        slow.during(`the end offsets of '${topic}'`, connection.admin.offsets(topic, at), { ready: true }),
    },
    lanes,
    everyMs: defaults.source.endOffsetsMs,
  });
  closers.first(() => ends.stop());
  ends.start();
  watch.start(async found => slow.during('the group to take new topics', consumer.subscribe(takes(found))));
}

/** Where partitions begin, asked of the stores once those that belong together have equal counts; undefined: where Kafka says. */
function beginningOf(
  connection: DriverConnection,
  resume: ResumePoints,
  { slow, states, tasks }: AppParts,
): ConsumerOptions['resumeAt'] {
  const inStores: ConsumerOptions['resumeAt'] = resume.needed
    ? partitions =>
        slow.during(
          `the positions of the stores: where to begin ${toldPartitions(partitions)}`,
          resume.resumeAt(partitions),
        )
    : undefined;
  const groups = tasks.coPartitioned;
  if (groups.length === 0 && !states.any) return inStores;
  const counts = new CoPartitionedCounts({
    groups,
    topics: names => slow.during('the partitions of co-partitioned topics', connection.topics(names)),
  });
  return async partitions => {
    await counts.require(partitions);
    const inStates = await states.kept.resumeAt(partitions);
    const begins = (await inStores?.(partitions)) ?? [];
    // Below a state nothing is done again: it would count twice.
    return partitions.map(({ topic }, i) => (states.hasStates(topic) ? inStates[i] : begins[i]));
  };
}

function connected(
  { options, clock, logger, lifecycle }: AppParts,
  tries: StartTries,
): Promise<DriverConnection> {
  const { driver, groupId, clientId = groupId } = options;
  const context: DriverContext = {
    clientId,
    clock,
    logger,
    event: event => lifecycle.tell({ type: 'driver', event }),
  };
  return tries.of('connect', () => driver.connect(context), isUnreachable);
}

/** @throws `CONFIGURATION` where the driver has no units of work */
function unitsOf(
  connection: DriverConnection,
  resume: ResumePoints,
  { options, clock, dispatcher, member, slow, states }: AppParts,
): UnitCommitRun {
  const unitOfWork = connection.unitOfWork?.bind(connection);
  if (unitOfWork === undefined) throw withoutUnits(options.driver.name);
  return {
    states: task => states.kept.of(task),
    time: task => states.timeOf(task),
    async open(task) {
      // Whoever opens a unit fences its owner, which this member may not be any more.
      if (clock.elapsed() >= member.confirmedUntil) throw unconfirmed();
      const opened = unitOfWork(task, options.groupId, unitOptions(options));
      return slow.during(`the unit of work of ${task} to open`, opened);
    },
    through: unit => resume.notedBefore(unit),
    quiet: task => dispatcher.quiet(task),
    goOn: task => dispatcher.goOn(task),
    rewind: task => {
      try {
        dispatcher.restart(member.rewind(task.inputs));
      } catch (error) {
        // The driver knows already that it is another member's; the app hears of it next.
        if (!isKafkaRxError(error) || error.code !== 'DRIVER') throw error;
      }
    },
  };
}

function withoutUnits(driver: string): KafkaRxError {
  return new KafkaRxError(
    'CONFIGURATION',
    `createApp: guarantee 'exactly-once' needs transactions, which the driver ${driver} has not here`,
    {
      remedy:
        'Use kafkajs() on its fast path, or memory(); docs/drivers.md says when kafkajs takes the stock path. Or leave guarantee out',
    },
  );
}

/** Kafka's offsets and the stores' positions: the lower one is where a partition begins. */
function resumePoints(
  connection: DriverConnection,
  { options, clock, slow, wiring, cluster, lifecycle, member, lanes, states }: AppParts,
): ResumePoints {
  return new ResumePoints(wiring.stores, {
    connection,
    originOf: topicId => cluster.originOf(topicId),
    confirmed: () => clock.elapsed() < member.confirmedUntil,
    live: () => lanes.all,
    laneAt: partition => lanes.at(partition),
    isOnce: options.guarantee === 'exactly-once',
    hasStates: topic => states.hasStates(topic),
    fills: (partition, upTo) => lanes.fills(partition, upTo),
    onStoreLost: options.onStoreLost,
    partitionsInAll: () => cluster.partitions(),
    during: (what, work) => slow.during(what, work),
    announce: event => lifecycle.tell(event),
    notice: reason => lifecycle.waits.begin({ reason, ready: true }),
  });
}

function toldPartitions([first, ...others]: readonly CommittedPartition[]): string {
  const named = `partition ${first?.partition} of '${first?.topic}'`;
  return others.length === 0 ? named : `${named} and ${others.length} others`;
}

/** Notes which topics the app reads from now on, and tells of it; returns their names. */
function subscribed(
  topics: readonly TopicDescription[],
  { cluster, lifecycle }: AppParts,
): readonly string[] {
  const names = cluster.subscribed(topics);
  lifecycle.tell({ type: 'subscribed', topics: names });
  return names;
}
