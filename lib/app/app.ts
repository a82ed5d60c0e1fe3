/**
 * The app: topics in, sinks out, and in between whatever rxjs a user writes.
 *
 * The story of a record: the driver fetches it; the dispatcher opens a delivery and runs it through every view, operator
 * and sink; each sink keeps a lease until what it wrote is durable; the delivery settles; `commitInOrder` turns settled
 * deliveries into commit points; `commitTo` commits them. A rebalance and a stop drain first and let go second.
 */
// length: the whole story in one file; each of its sentences is a call into a file that can be read alone.
import { type Observable, tap } from 'rxjs';
import { type Clock, systemClock, within } from '../base/clock.js';
import type {
  AssignedPartition,
  ConsumerListener,
  DriverConnection,
  DriverConsumer,
  DriverContext,
  TopicDescription,
} from '../drivers/port.js';
import { errorKind, isKafkaRxError, KafkaRxError } from '../errors/errors.js';
import { commitInOrder } from '../flow/commit/commit-in-order.js';
import { commitTo } from '../flow/commit/commit-to.js';
import type { CommitResult, CommitTarget, Committer } from '../flow/commit/committer.js';
import { ResumePoints } from '../flow/commit/resume-points.js';
import { Outputs } from '../flow/sinks/outputs.js';
import { type AdmissionParts, admit } from '../flow/source/admission.js';
import { Dispatcher } from '../flow/source/dispatcher.js';
import { partitionReadings } from '../flow/source/partition-readings.js';
import { TopicWatch } from '../flow/source/topic-watch.js';
import { type Logger, silentLogger } from '../logging/logger.js';
import { type Instruments, instruments, type PartitionReading } from '../logging/metrics/instruments.js';
import { noMetrics } from '../logging/metrics/metrics.js';
import { redactingLogger } from '../logging/redacting-logger.js';
import { originOf } from '../stores/origin.js';
import { connect } from './connect.js';
import { defaults } from './defaults.js';
import { AppHost } from './host.js';
import type { App } from './interface.js';
import { bounded } from './lifecycle/bounded.js';
import { Ending } from './lifecycle/ending.js';
import type { Health, LifecycleEvent } from './lifecycle/events.js';
import { Lifecycle } from './lifecycle/lifecycle.js';
import { onSignals } from './lifecycle/signals.js';
import { guardAgainstStall } from './lifecycle/stall-guard.js';
import { type AppOptions, checkOptions, consumerOptions, drainBoundMs } from './options.js';
import type { TopologyDescription } from './topology/graph.js';
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
  return new KafkaRxApp(options);
}

class KafkaRxApp implements App {
  readonly #options: AppOptions;
  readonly #clock: Clock;
  readonly #lifecycle: Lifecycle;
  readonly #instruments: Instruments;
  readonly #outputs = new Outputs(defaults.producer);
  readonly #host: AppHost;
  readonly #dispatcher: Dispatcher;
  readonly #wiring: Wiring;
  readonly topic: App['topic'];
  readonly to: App['to'];
  readonly store: App['store'];
  readonly each: App['each'];
  /** Per source topic: the cluster's and the topic's own identity. */
  readonly #origins = new Map<string, string>();
  #connection: DriverConnection | undefined;
  #consumer: DriverConsumer | undefined;
  #committer: Committer | undefined;
  #watch: TopicWatch | undefined;
  #running: Promise<void> | undefined;
  readonly #logger: Logger;
  #stopDeadlineMs: number;
  readonly #ending = new Ending();
  #leaveStallGuard: () => void = () => {};

  constructor(options: AppOptions) {
    checkOptions(options);
    this.#options = options;
    this.#clock = options.clock ?? options.driver.clock ?? systemClock;
    this.#stopDeadlineMs = options.stopDeadlineMs ?? defaults.stopDeadlineMs;
    this.#logger = redactingLogger(options.logger ?? silentLogger);
    this.#lifecycle = new Lifecycle(this.#logger, this.#clock);
    this.#instruments = instruments(options.metrics ?? noMetrics, {
      inFlightRecords: () => this.#dispatcher.unsettled,
      inFlightBytes: () => this.#dispatcher.pinnedBytes,
      bufferedBytes: () => this.#outputs.bufferedBytes,
      partitions: () => this.#partitions(),
    });
    this.#host = new AppHost({
      clock: this.#clock,
      policies: options.policies ?? {},
      lifecycle: this.#lifecycle,
      instruments: this.#instruments,
      outputs: this.#outputs,
      deadLetters: options.deadLetters,
      app: options.groupId,
      dispatching: () => this.#dispatcher.dispatching,
      handedOut: () => this.#dispatcher.handedOut,
      masks: () => [...this.#wiring.graph.masks.map(({ path }) => path), ...(options.guard?.fields ?? [])],
      observe: (topic, place) => this.#wiring.observe(topic, place),
      failed: () => {
        this.#dispatcher.halt();
        this.#ending.reach();
      },
    });
    const admission: AdmissionParts = {
      app: options.groupId,
      trust: options.replays ?? 'directed',
      passing: node => this.#wiring.graph.passedBy(node),
    };
    this.#dispatcher = new Dispatcher({
      clock: this.#clock,
      host: this.#host,
      bounds: { ...defaults.bounds, ...options.bounds },
      pace: { ...defaults.source, idleMs: options.idleMs ?? defaults.source.idleMs },
      keepsBatches: options.deadLetters !== undefined,
      viewsOf: topic => this.#wiring.viewsOf(topic),
      admit: headers => admit(headers, admission),
      bufferedBytes: () => this.#outputs.bufferedBytes,
      confirmedUntil: () => this.#consumer?.confirmedUntil ?? 0,
      pause: partitions => this.#consumer?.pause(partitions),
      resume: partitions => this.#consumer?.resume(partitions),
      flush: reason => this.#host.flush(reason),
      consumed: (topic, records) => this.#host.consumed(topic, records),
    });
    this.#wiring = new Wiring({
      host: this.#host,
      outputs: this.#outputs,
      instruments: this.#instruments,
      originOf: topic => this.#originOf(topic),
      subscribersChanged: () => this.#dispatcher.subscribersChanged(),
    });
    this.topic = this.#wiring.topic.bind(this.#wiring);
    this.to = this.#wiring.to.bind(this.#wiring);
    this.store = this.#wiring.store.bind(this.#wiring);
    this.each = this.#wiring.each.bind(this.#wiring);
  }

  get events$(): Observable<LifecycleEvent> {
    return this.#lifecycle.events$;
  }

  health(): Health {
    return this.#lifecycle.health();
  }

  describe(): TopologyDescription {
    return this.#wiring.graph.describe();
  }

  run(): Promise<void> {
    if (this.#running !== undefined) {
      return Promise.reject(
        new KafkaRxError('CONFIGURATION', 'run() was called twice', {
          remedy: 'Create another app; a graph is not run again',
        }),
      );
    }
    this.#running = this.#live();
    return this.#running;
  }

  async stop({ deadlineMs }: { readonly deadlineMs?: number | undefined } = {}): Promise<void> {
    this.#stopDeadlineMs = deadlineMs ?? this.#stopDeadlineMs;
    this.#ending.reach();
    // The rejection belongs to whoever called run().
    await this.#running?.catch(() => {});
  }

  async #live(): Promise<void> {
    const letGoOfSignals = onSignals(this.#options.signals ?? [], () => void this.stop(), this.#logger);
    try {
      this.#lifecycle.enter('starting');
      this.#wiring.close(this.#options.guard);
      await this.#open();
      if (this.#lifecycle.error === undefined) this.#lifecycle.enter('running');
      await this.#ending.reached;
    } catch (error) {
      this.#host.fail(asKafkaRxError(error));
    } finally {
      await this.#close();
      letGoOfSignals();
    }
    const { error } = this.#lifecycle;
    if (error !== undefined) throw error;
  }

  async #open(): Promise<void> {
    const { driver, groupId, clientId = groupId } = this.#options;
    const context: DriverContext = {
      clientId,
      clock: this.#clock,
      logger: this.#logger,
      event: event => this.#lifecycle.tell({ type: 'driver', event }),
    };
    const { connectTimeoutMs = defaults.connectTimeoutMs } = this.#options;
    const connection = await connect(driver, context, connectTimeoutMs, () => this.#ending.isReached);
    this.#connection = connection;
    for (const store of this.#wiring.stores) await store.open();
    const patterns = this.#wiring.views.map(view => view.pattern);
    const everyMs = this.#options.discoveryMs ?? defaults.source.discoveryMs;
    const watch = new TopicWatch(patterns, this.#outputs.topics, { connection, clock: this.#clock, everyMs });
    this.#watch = watch;
    const topics = this.#subscribed(await watch.first(), connection);
    await this.#outputs.open(connection);

    const resume = this.#resumePoints(connection);
    const resumeAt = resume.needed ? resume.resumeAt.bind(resume) : undefined;
    const consumer = connection.consumer(consumerOptions(this.#options, topics, resumeAt), this.#listener());
    this.#consumer = consumer;
    this.#commitSettled(resume.notedBefore(consumer));
    await Promise.race([consumer.start(), this.#ending.reached]);
    this.#leaveStallGuard = guardAgainstStall({
      clock: this.#clock,
      timeoutMs: this.#options.stallTimeoutMs ?? defaults.stallTimeoutMs,
      partitions: () => this.#partitions(),
      stalled: error => this.#host.fail(error),
    });
    watch.start(found => consumer.subscribe(this.#subscribed(found, connection)));
  }

  /** Kafka's offsets and the stores' positions: the lower one is where a partition begins. */
  #resumePoints(connection: DriverConnection): ResumePoints {
    return new ResumePoints(this.#wiring.stores, {
      connection,
      originsOf: async names => {
        const found = await connection.topics(names);
        this.#identify(found, connection);
        const known = new Set(found.map(({ name }) => name));
        return topic => (known.has(topic) ? this.#origins.get(topic) : undefined);
      },
      originOf: topic => this.#originOf(topic),
      confirmed: () => this.#clock.elapsed() < (this.#consumer?.confirmedUntil ?? 0),
      live: () => this.#dispatcher.lanes,
      announce: event => this.#lifecycle.tell(event),
    });
  }

  /** Deliveries settle in any order; what may be committed is committed in order. */
  #commitSettled(consumer: CommitTarget): void {
    const { intervalMs = defaults.commit.intervalMs, every = defaults.commit.every } =
      this.#options.commit ?? {};
    this.#dispatcher.events$
      .pipe(
        commitInOrder(),
        tap(point => this.#dispatcher.advanced(point)),
        commitTo(consumer, { clock: this.#clock, intervalMs, every }, committer => {
          this.#committer = committer;
        }),
      )
      .subscribe(result => this.#committed(result));
  }

  #committed(result: CommitResult): void {
    const { commits, commitSeconds } = this.#instruments;
    commits.add(1, { outcome: result.error?.code ?? 'confirmed' });
    commitSeconds.observe(result.tookMs / 1000);
    this.#lifecycle.tell({ type: 'commit', result });
  }

  /** A rebalance: drain first, let go second. */
  #listener(): ConsumerListener {
    return {
      assigned: partitions => {
        // Given to a member that is about to leave: nothing of it is begun.
        if (this.#ending.isReached) return;
        this.#dispatcher.assign(partitions);
        this.#lifecycle.tell({ type: 'assigned', partitions });
      },
      revoking: async partitions => {
        this.#lifecycle.tell({ type: 'revoking', partitions });
        await within(this.#clock, this.#settleAndCommit(partitions, 'drain'), drainBoundMs(this.#options));
        this.#lifecycle.tell({ type: 'revoked', partitions, pending: this.#letGo(partitions) });
      },
      lost: partitions => {
        this.#letGo(partitions);
        this.#lifecycle.tell({ type: 'lost', partitions });
      },
      batch: batch => this.#dispatcher.accept(batch),
      confirmed: () => this.#dispatcher.wake(),
      failed: error => this.#host.fail(error),
    };
  }

  async #settleAndCommit(partitions: readonly AssignedPartition[], reason: 'drain' | 'stop'): Promise<void> {
    await this.#dispatcher.drain(partitions, reason);
    await this.#committer?.flush();
  }

  /** Ends the epochs; returns how many records were not settled. */
  #letGo(partitions: readonly AssignedPartition[]): number {
    const before = this.#dispatcher.unsettled;
    const lost = this.#dispatcher.lose(partitions);
    for (const { topic, partition } of lost) this.#committer?.forget(topic, partition);
    return before - this.#dispatcher.unsettled;
  }

  /** Stops intake, drains, commits while still a member, leaves, closes. */
  async #close(): Promise<void> {
    if (this.#lifecycle.error === undefined) this.#lifecycle.enter('stopping');
    this.#watch?.stop();
    this.#leaveStallGuard();
    const { lanes } = this.#dispatcher;
    // What was not committed yet may lie above the record that came too late.
    if (this.#lifecycle.error?.code === 'OUTSIDE_DISPATCH_WINDOW') this.#committer?.close();
    await this.#bounded(this.#settleAndCommit(lanes, 'stop'), this.#stopDeadlineMs);
    this.#dispatcher.halt();
    this.#lifecycle.tell({ type: 'drained', pending: this.#letGo(this.#dispatcher.lanes) });
    this.#committer?.close();
    await this.#bounded(this.#consumer?.stop(), closingMs);
    this.#lifecycle.enter(this.#lifecycle.error === undefined ? 'stopped' : 'failed');
    // Sinks may end now: nothing is pending.
    for (const view of this.#wiring.views) view.complete();
    await this.#bounded(this.#outputs.close(), closingMs);
    for (const store of this.#wiring.stores) await this.#bounded(store.close(), closingMs);
    await this.#bounded(this.#connection?.close(), closingMs);
  }

  #bounded(work: Promise<unknown> | undefined, boundMs: number): Promise<void> {
    return bounded(this.#clock, this.#logger, work, boundMs);
  }

  #partitions(): readonly PartitionReading[] {
    return partitionReadings(this.#dispatcher.lanes, this.#clock.elapsed());
  }

  /** Notes what the app reads, and which incarnation of it. */
  #subscribed(topics: readonly TopicDescription[], connection: DriverConnection): readonly string[] {
    this.#identify(topics, connection);
    const names = topics.map(topic => topic.name);
    this.#lifecycle.tell({ type: 'subscribed', topics: names });
    return names;
  }

  /** By name, until it is known. */
  #originOf(topic: string): string {
    return this.#origins.get(topic) ?? topic;
  }

  #identify(topics: readonly TopicDescription[], connection: DriverConnection): void {
    for (const topic of topics) this.#origins.set(topic.name, originOf(connection, topic));
  }
}

/** Milliseconds for each step of closing: what hangs must not keep the process. */
const closingMs = 10_000;

function asKafkaRxError(error: unknown): KafkaRxError {
  return isKafkaRxError(error)
    ? error
    : new KafkaRxError('DRIVER', `The app could not start (${errorKind(error)})`, { cause: error });
}
