import type {
  CommittedPartition,
  ConsumerOptions,
  DriverConnection,
  DriverContext,
  TopicDescription,
} from '../drivers/port.js';
import { ResumePoints } from '../flow/commit/resume-points.js';
import { EndOffsets } from '../flow/source/end-offsets.js';
import { TopicWatch } from '../flow/source/topic-watch.js';
import type { AppParts } from './app-parts.js';
import type { Closers } from './closing.js';
import { requireCoPartitioned } from './co-partitioned.js';
import { defaults } from './defaults.js';
import { guardAgainstStall } from './lifecycle/stall-guard.js';
import { consumerOptions } from './options.js';
import { OwnStores } from './own-stores.js';
import { isUnreachable, StartTries } from './start-tries.js';

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
    closers.behind(`the use of '${store.name}'`, () => stores.giveBack(store));
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
    closers.behind(`the store '${store.name}'`, close);
    await step(`the store '${store.name}' to open`, () => stores.open(store), close);
  }
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
  requireCoPartitioned(first, options.coPartitioned ?? []);
  const topics = subscribed(first, parts);
  closers.behind('the producer', () => outputs.close());
  await step('the topics of the sinks', () => outputs.open(connection));

  const resume = resumePoints(connection, parts);
  const resumeAt: ConsumerOptions['resumeAt'] = resume.needed
    ? partitions =>
        slow.during(
          `the positions of the stores: where to begin ${toldPartitions(partitions)}`,
          resume.resumeAt(partitions),
        )
    : undefined;
  const consumer = connection.consumer(consumerOptions(options, topics, resumeAt), rebalance);
  member.joins(consumer, resume.notedBefore(consumer));
  await step('the group to answer', () => consumer.start());
  closers.first(
    guardAgainstStall({
      clock,
      timeoutMs: options.stallTimeoutMs ?? defaults.stallTimeoutMs,
      partitions: readings,
      stalled: error => host.fail(error),
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
  watch.start(found =>
    slow.during('the group to take new topics', consumer.subscribe(subscribed(found, parts))),
  );
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

/** Kafka's offsets and the stores' positions: the lower one is where a partition begins. */
function resumePoints(
  connection: DriverConnection,
  { options, clock, slow, wiring, cluster, lifecycle, member, lanes }: AppParts,
): ResumePoints {
  return new ResumePoints(wiring.stores, {
    connection,
    originOf: topicId => cluster.originOf(topicId),
    confirmed: () => clock.elapsed() < member.confirmedUntil,
    live: () => lanes.all,
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

/** Notes what the app reads. */
function subscribed(
  topics: readonly TopicDescription[],
  { cluster, lifecycle }: AppParts,
): readonly string[] {
  const names = cluster.subscribed(topics);
  lifecycle.tell({ type: 'subscribed', topics: names });
  return names;
}
