/**
 * The app: topics in, sinks out, and in between whatever rxjs a user writes.
 *
 * The story of a record: the driver fetches it; the dispatcher opens a delivery and runs it through every view, operator
 * and sink; each sink keeps a lease until what it wrote is durable; the delivery settles, and with it its number in the
 * partition's `Watermark`; `WatermarkCommit` commits those that moved, or `UnitCommit` what each task has done with what it has written.
 * A rebalance and a stop drain first and let go second.
 */
import type { Observable } from 'rxjs';
import { systemClock } from '../base/clock.js';
import { checkOptions, type Fields, faultOf } from '../base/option-schema.js';
import { withDefaults } from '../base/with-defaults.js';
import { KafkaRxError } from '../errors/errors.js';
import type { CommitResult } from '../flow/commit/commit-cycle.js';
import type { CommitterOptions } from '../flow/commit/committer-options.js';
import { WatermarkCommit } from '../flow/commit/watermark-commit.js';
import { Outputs } from '../flow/sinks/outputs.js';
import { type AdmissionParts, admit } from '../flow/source/admission.js';
import type { Bounds } from '../flow/source/bounds.js';
import { Dispatcher } from '../flow/source/dispatcher.js';
import { InFlight } from '../flow/source/in-flight.js';
import { Lanes } from '../flow/source/lanes.js';
import { partitionReadings, standstillReadings } from '../flow/source/partition-readings.js';
import { TaskNames } from '../flow/source/task-names.js';
import { Views } from '../flow/source/views.js';
import { CommitsByTask } from '../flow/tasks/commits-by-task.js';
import { UnitCommit } from '../flow/tasks/unit-commit.js';
import { silentLogger } from '../logging/logger.js';
import { instruments } from '../logging/metrics/instruments.js';
import { noMetrics } from '../logging/metrics/metrics.js';
import { steadyMetrics } from '../logging/metrics/steady-metrics.js';
import { redactingLogger } from '../logging/redacting-logger.js';
import type { AppParts } from './app-parts.js';
import { appWaits } from './app-waits.js';
import { Closers } from './closers.js';
import { Commits } from './commits.js';
import { defaults } from './defaults.js';
import { GroupMember } from './group-member.js';
import { AppHost } from './host.js';
import type { App } from './interface.js';
import { Ending } from './lifecycle/ending.js';
import type { Health, LifecycleEvent } from './lifecycle/events.js';
import { Lifecycle } from './lifecycle/lifecycle.js';
import { onSignals } from './lifecycle/signals.js';
import { SlowWork } from './lifecycle/slow-work.js';
import { UnheardViews } from './lifecycle/unheard-views.js';
import {
  type AppOptions,
  checkApp,
  producerOptions,
  stopDeadlineMs,
  unitBounds,
  unitOptions,
} from './options.js';
import { ReadCluster } from './read-cluster.js';
import { Rebalance } from './rebalance.js';
import { run } from './run.js';
import { AppStates } from './states/app-states.js';
import { toldToLog } from './states/told-to-log.js';
import type { TopologyDescription } from './topology/description.js';
import { TopologyGraph } from './topology/graph.js';
import { decidedWithinMs } from './unit-timeouts.js';
import { Wiring } from './wiring.js';

/**
 * Creates an app: wire its topology, then `run()` it.
 *
 * @example
 * ```ts
 * const app = createApp({ groupId: 'purchases', driver: kafkajs({ brokers: ['localhost:9092'] }), signals: ['SIGTERM'] });
 * purchases(app, lmdb('history', { value: json(MaskedPurchase) }));
 * await app.run();
 * ```
 * @throws `CONFIGURATION` for options that cannot be
 * @category App @since 0.1.0
 */
export function createApp(options: AppOptions): App {
  checkApp(options);
  return new KafkaRxApp(assemble(options));
}

/**
 * What an app is made of, for `testApp`; undefined: another copy of the library has made it.
 *
 * @internal
 */
export function partsOf(app: App): AppParts | undefined {
  return KafkaRxApp.partsOf(app);
}

type StopOptions = NonNullable<Parameters<App['stop']>[0]>;

const stopOptions: Fields<StopOptions> = { deadlineMs: stopDeadlineMs };

class KafkaRxApp implements App {
  readonly topic: App['topic'];
  readonly to: App['to'];
  readonly state: App['state'];
  readonly internal: App['internal'];
  readonly store: App['store'];
  readonly each: App['each'];
  readonly watch: App['watch'];
  readonly #parts: AppParts;
  #running: Promise<void> | undefined;

  constructor(parts: AppParts) {
    const { wiring } = parts;
    this.#parts = parts;
    this.topic = wiring.topic.bind(wiring);
    this.to = wiring.to.bind(wiring);
    this.state = wiring.state.bind(wiring);
    this.internal = wiring.internal.bind(wiring);
    this.store = wiring.store.bind(wiring);
    this.each = wiring.each.bind(wiring);
    this.watch = wiring.watch.bind(wiring);
  }

  static partsOf(app: App): AppParts | undefined {
    return #parts in app ? app.#parts : undefined;
  }

  get events$(): Observable<LifecycleEvent> {
    return this.#parts.lifecycle.events$;
  }

  health(): Health {
    return this.#parts.lifecycle.health();
  }

  describe(): TopologyDescription {
    const { wiring, states } = this.#parts;
    return wiring.graph.describe(states.describe());
  }

  run(): Promise<void> {
    if (this.#running !== undefined) {
      return Promise.reject(
        new KafkaRxError('CONFIGURATION', 'run() was called twice', {
          remedy: 'Create another app; a graph is not run again',
        }),
      );
    }
    const { options, logger } = this.#parts;
    const leaveSignals = onSignals(options.signals ?? [], () => void this.stop(), logger);
    this.#running = run(this.#parts).finally(leaveSignals);
    return this.#running;
  }

  async stop(options: StopOptions = {}): Promise<void> {
    const { ending } = this.#parts;
    const fault = faultOf(stopOptions, options);
    if (fault === undefined) ending.deadlineMs = options.deadlineMs ?? ending.deadlineMs;
    // Whatever it was told: who wants it stopped is not left with one that runs.
    ending.reach();
    // The rejection belongs to whoever called run().
    await this.#running?.catch(() => {});
    checkOptions('app.stop', stopOptions, options, { deadlineMs: defaults.stopDeadlineMs });
  }
}

/** Makes the parts, each from those before it; those that hear of later ones are told at the end. */
function assemble(options: AppOptions): AppParts {
  const clock = options.clock ?? options.driver.clock ?? systemClock;
  const logger = redactingLogger(options.logger ?? silentLogger);
  const lifecycle = new Lifecycle(logger, clock);
  const ending = new Ending(options.stopDeadlineMs ?? defaults.stopDeadlineMs);
  const slow = new SlowWork(clock, lifecycle.waits);
  const bounds: Bounds = withDefaults<Bounds, Partial<Bounds>>(defaults.bounds, options.bounds);

  // What is read and written.
  const outputs = new Outputs(producerOptions(options.producer));
  const views = new Views(outputs.topics);
  const graph = new TopologyGraph(options.deadLetters !== undefined);
  const cluster = new ReadCluster();
  const lanes = new Lanes();
  const tasks = new TaskNames(options.coPartitioned ?? []);
  const isOnce = options.guarantee === 'exactly-once';
  const states = new AppStates({
    ...{ groupId: options.groupId, graph, tasks, clock, isOnce },
    maxRecordBytes: outputs.maxRecordBytes,
    startFrom: options.startFrom ?? 'earliest',
    decidedWithinMs: decidedWithinMs(options),
    declare: topic => outputs.declare(topic),
    progress: progress => lifecycle.tell({ type: 'restoring', ...progress }),
    logged: (state, rows) => {
      measured.unitsSealed.add(1, { state });
      measured.rowsLogged.add(rows, { state });
    },
    ...toldToLog(logger),
  });
  lifecycle.events$.subscribe({ complete: () => states.ended() });
  const inFlight = new InFlight(bounds, outputs);
  const member = new GroupMember();

  // What is seen of it, and what the user wires by.
  const readings = () => partitionReadings(lanes.all, () => member.standstills, clock.elapsed());
  const measured = instruments(steadyMetrics(options.metrics ?? noMetrics, logger), {
    inFlightRecords: () => inFlight.unsettled,
    inFlightBytes: () => inFlight.pinnedBytes,
    bufferedBytes: () => outputs.bufferedBytes,
    partitions: readings,
    standstills: () => standstillReadings(member.standstills, clock.elapsed()),
    tasks: () => states.kept.readings,
    restores: () => states.kept.restoring,
  });
  const host = new AppHost({
    clock,
    logger,
    policies: options.policies ?? {},
    lifecycle,
    instruments: measured,
    outputs,
    deadLetters: options.deadLetters,
    app: options.groupId,
    inFlight,
    endedBranches: lanes.endedBranches,
    views,
    protect: masks => graph.masks.add(masks),
    masks: () => graph.masks.all.map(({ path }) => path),
    wayTo: ({ node, outside }) => graph.wayTo(node, outside !== true),
  });
  const wiring = new Wiring({
    graph,
    views,
    host,
    outputs,
    instruments: measured,
    states,
    random: options.random,
  });

  // Deliveries settle in any order, and what may be committed is committed in order: up to each partition's watermark; or, under exactly
  // once, each task by itself: all that it has handed out settles, and is committed with all that was written.
  const committing = withDefaults<CommitterOptions, NonNullable<AppOptions['commit']>>(
    { clock, ...defaults.commit },
    options.commit,
  );
  const tell = (result: CommitResult): void => {
    commits.told(result);
    states.committed(result);
  };
  const units = new UnitCommit(
    {
      groupId: options.groupId,
      isOnce,
      clock,
      bounds: unitBounds(options),
      sessionTimeoutMs: options.sessionTimeoutMs ?? defaults.group.sessionTimeoutMs,
      deliveryTimeoutMs: unitOptions(options).deliveryTimeoutMs,
      lanes,
      outputs,
      live: () => lifecycle.live,
      fail: error => host.fail(error),
    },
    tell,
  );
  const strategy = isOnce ? units : new CommitsByTask(new WatermarkCommit(member, committing, tell), units);
  const commits = new Commits(clock, lifecycle, measured, strategy, error => host.fail(error));

  // Records are handed out, and let go of when the group asks for their partition.
  const admission: AdmissionParts = {
    app: options.groupId,
    trust: options.replays ?? defaults.replays,
    setsAside: options.deadLetters !== undefined,
    target: (node, way) => states.replayTarget(node, way),
    passing: id => graph.passedBy(id),
  };
  const dispatcher = new Dispatcher({
    clock,
    host,
    slow,
    bounds,
    pace: { ...defaults.source, idleMs: options.idleMs ?? defaults.source.idleMs },
    lanes,
    inFlight,
    commit: strategy,
    keepsBatches: options.deadLetters !== undefined,
    consumer: member,
    views,
    tasks,
    // Where nobody is told of ends, a task would wait for ever.
    maxTaskIdleMs: () => (member.hearsEnds ? (options.maxTaskIdleMs ?? defaults.maxTaskIdleMs) : -1),
    originOf: batch => cluster.originOf(batch.topicId),
    admit: headers => admit(headers, admission),
    consumed: (topic, records) => host.consumed(topic, records),
  });
  const rebalance = new Rebalance({
    clock,
    host,
    lifecycle,
    ending,
    dispatcher,
    inFlight,
    commits,
    states: states.kept,
    hearsEnds: () => tasks.severalInputs || states.hearsEnds,
  });

  const unheard = new UnheardViews(lifecycle);
  views.onSubscribersChanged(() => {
    dispatcher.subscribersChanged();
    unheard.look(views.all);
  });
  lifecycle.waits.ask(() =>
    appWaits({
      ...{ options, clock, lifecycle, member, views, lanes, commits, units, outputs },
      states: states.kept,
      ...{ bounds, inFlight, readings },
    }),
  );
  host.onFailure(() => {
    dispatcher.halt();
    ending.reach();
  });
  return {
    options,
    clock,
    logger,
    lifecycle,
    ending,
    closers: new Closers(),
    slow,
    outputs,
    views,
    cluster,
    lanes,
    host,
    wiring,
    member,
    dispatcher,
    commits,
    units,
    states,
    tasks,
    rebalance,
    readings,
  };
}
