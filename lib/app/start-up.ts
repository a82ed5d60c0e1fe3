import type { ConsumerOptions, DriverConnection, DriverContext, TopicDescription } from '../drivers/port.js';
import { ResumePoints } from '../flow/commit/resume-points.js';
import { TopicWatch } from '../flow/source/topic-watch.js';
import type { AppParts } from './app-parts.js';
import type { Closers } from './closing.js';
import { connect } from './connect.js';
import { defaults } from './defaults.js';
import { guardAgainstStall } from './lifecycle/stall-guard.js';
import { consumerOptions } from './options.js';

/** Opens, in this order: connection, stores, topics, producer, consumer. Whatever was opened is among the closers. */
export async function startUp(parts: AppParts, closers: Closers): Promise<void> {
  const { options, clock, ending, host, wiring, views, outputs, member, rebalance, readings } = parts;
  const connection = await connected(parts);
  closers.behind(() => connection.close());
  for (const store of wiring.stores) {
    closers.behind(() => store.close());
    await store.open();
  }
  const watch = new TopicWatch(
    views.all.map(view => view.pattern),
    outputs.topics,
    { connection, clock, everyMs: options.discoveryMs ?? defaults.source.discoveryMs },
  );
  closers.first(() => watch.stop());
  const topics = subscribed(await watch.first(), connection, parts);
  closers.behind(() => outputs.close());
  await outputs.open(connection);

  const resume = resumePoints(connection, parts);
  const resumeAt: ConsumerOptions['resumeAt'] = resume.needed ? resume.resumeAt.bind(resume) : undefined;
  const consumer = connection.consumer(consumerOptions(options, topics, resumeAt), rebalance);
  member.joins(consumer, resume.notedBefore(consumer));
  await Promise.race([consumer.start(), ending.reached]);
  closers.first(
    guardAgainstStall({
      clock,
      timeoutMs: options.stallTimeoutMs ?? defaults.stallTimeoutMs,
      partitions: readings,
      stalled: error => host.fail(error),
    }),
  );
  watch.start(found => consumer.subscribe(subscribed(found, connection, parts)));
}

function connected({ options, clock, logger, lifecycle, ending }: AppParts): Promise<DriverConnection> {
  const { driver, groupId, clientId = groupId, connectTimeoutMs = defaults.connectTimeoutMs } = options;
  const context: DriverContext = {
    clientId,
    clock,
    logger,
    event: event => lifecycle.tell({ type: 'driver', event }),
  };
  return connect(driver, context, connectTimeoutMs, () => ending.isReached);
}

/** Kafka's offsets and the stores' positions: the lower one is where a partition begins. */
function resumePoints(
  connection: DriverConnection,
  { clock, wiring, origins, lifecycle, member, lanes }: AppParts,
): ResumePoints {
  return new ResumePoints(wiring.stores, {
    connection,
    originsOf: names => origins.lookUp(names, connection),
    originOf: topic => origins.of(topic),
    confirmed: () => clock.elapsed() < member.confirmedUntil,
    live: () => lanes.all,
    announce: event => lifecycle.tell(event),
  });
}

/** Notes what the app reads, and which incarnation of it. */
function subscribed(
  topics: readonly TopicDescription[],
  connection: DriverConnection,
  { origins, lifecycle }: AppParts,
): readonly string[] {
  origins.note(topics, connection);
  const names = topics.map(topic => topic.name);
  lifecycle.tell({ type: 'subscribed', topics: names });
  return names;
}
