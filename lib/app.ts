/**
 * The app: topics in, sinks out, and in between whatever rxjs a user writes.
 *
 * The story of a record: the driver fetches it; the dispatcher opens a delivery and runs it through every view, operator
 * and sink; each sink keeps a lease until what it wrote is durable; the delivery settles; `commitInOrder` turns settled
 * deliveries into commit points; `commitTo` commits them. A rebalance and a stop drain first and let go second.
 */
import { type Observable, type Observer, tap } from 'rxjs';
import { AppHost } from './app-host.js';
import type { AppOptions } from './app-options.js';
import { systemClock, within } from './clock.js';
import { bytes } from './codecs/bytes.js';
import type { Codec } from './codecs/codec.js';
import { nullable } from './codecs/nullable.js';
import { commitInOrder } from './commit/commit-in-order.js';
import { commitTo } from './commit/commit-to.js';
import type { CommitResult, Committer } from './commit/committer.js';
import { defaults } from './defaults.js';
import type {
  AssignedPartition,
  ConsumerListener,
  DriverConnection,
  DriverConsumer,
} from './drivers/port.js';
import { errorKind, isKafkaRxError, KafkaRxError } from './errors.js';
import type { Verdict } from './leases/delivery.js';
import type { Health, LifecycleEvent } from './lifecycle/events.js';
import { Lifecycle } from './lifecycle/lifecycle.js';
import { onSignals } from './lifecycle/signals.js';
import { silentLogger } from './logger.js';
import { instruments } from './metrics/instruments.js';
import { memoryMetrics } from './metrics/metrics.js';
import { DeadLetters } from './policies/dead-letters.js';
import type { KafkaRecord } from './record.js';
import { type EachFunction, EachSink, type EachSinkOptions } from './sinks/each-sink.js';
import { createGuard, type Guard } from './sinks/guard.js';
import { Outputs } from './sinks/outputs.js';
import { StoreSink, type StoreSinkOptions } from './sinks/store-sink.js';
import { keyMaker, TopicSink, type TopicSinkOptions } from './sinks/topic-sink.js';
import { Dispatcher } from './source/dispatcher.js';
import { partitionReadings } from './source/partition-readings.js';
import { checkTopicName, type TopicSelector, topicPattern } from './source/topic-pattern.js';
import { TopicView } from './source/topic-view.js';
import { TopicWatch } from './source/topic-watch.js';
import type { Store } from './stores/port.js';
import { type TopologyDescription, TopologyGraph } from './topology/graph.js';

/** @category App @since 0.1.0 */
export interface TopicOptions<K, V> {
  /** Decodes keys. Default: bytes or null. */
  readonly key?: Codec<K> | undefined;
  readonly value: Codec<V>;
  /** What becomes of a record that cannot be decoded. Default: the app's policy for `decode`. */
  readonly onDecodeError?: Verdict | undefined;
}

/** An app under construction or running. Made by `createApp`. @category App @since 0.1.0 */
export interface App {
  /**
   * A hot Observable of the records of one topic, several, or all whose name matches a RegExp (looked up again while
   * the app runs; never internal topics nor what this app writes). Subscribing starts nothing; `run` does. Late
   * subscribers get what comes later. Completes when the app has stopped; never errors.
   *
   * @throws `CONFIGURATION` for illegal names and for a RegExp with the flags `g` or `y`
   */
  topic<V, K = Buffer | null>(
    selector: TopicSelector,
    options: TopicOptions<K, V>,
  ): Observable<KafkaRecord<K, V>>;

  /**
   * A sink that publishes to a topic. Timestamps are inherited; headers pass by allow-list; the partition is the one
   * that Java's producer would choose.
   *
   * `keyBy` selects the key from the value, a string unless `key` says otherwise; without it the record's own key is
   * written, through `key` where that is given.
   */
  to<V>(
    topic: string,
    options: TopicSinkOptions<V> & {
      key?: undefined;
      keyBy: (value: V, record: KafkaRecord<unknown, V>) => string | null;
    },
  ): Observer<KafkaRecord<unknown, V>>;
  to<V, K>(
    topic: string,
    options: TopicSinkOptions<V> & { key: Codec<K>; keyBy: (value: V, record: KafkaRecord<unknown, V>) => K },
  ): Observer<KafkaRecord<unknown, V>>;
  to<V, K>(
    topic: string,
    options: TopicSinkOptions<V> & { key: Codec<K>; keyBy?: undefined },
  ): Observer<KafkaRecord<K, V>>;
  to<V>(
    topic: string,
    options: TopicSinkOptions<V> & { key?: undefined; keyBy?: undefined },
  ): Observer<KafkaRecord<Buffer | string | null, V>>;

  /** A sink that writes documents into a store, which the app opens and closes. */
  store<V>(store: Store<V>, options?: StoreSinkOptions): Observer<KafkaRecord<unknown, V>>;

  /** A sink that calls a function for each record, one at a time per partition, and awaits the promise it may return. */
  each<K, V>(call: EachFunction<K, V>, options?: EachSinkOptions): Observer<KafkaRecord<K, V>>;

  /**
   * Consumes until stopped or failed. Resolves after a drained stop; rejects with the first error. Once only.
   *
   * Rejects at once, with nothing consumed, with `TOPOLOGY` (no source), `SOURCE_WITHOUT_SUBSCRIBER`, `UNREACHABLE` (no
   * broker answers), `MISSING_TOPIC`, or `STORE` (a store cannot be opened).
   */
  run(): Promise<void>;

  /**
   * Stops intake, drains, commits while still a member of the group, closes. Resolves when `run` has settled, inside the
   * deadline and what closing takes; never rejects. What was not settled by then stays uncommitted.
   *
   * @param options `deadlineMs`, default 30,000 ms
   */
  stop(options?: { readonly deadlineMs?: number | undefined }): Promise<void>;

  health(): Health;
  /** What happens, as it happens; completes with the app. */
  readonly events$: Observable<LifecycleEvent>;
  /** The topology as data, text and Mermaid. */
  describe(): TopologyDescription;
}

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
  readonly #clock;
  readonly #graph = new TopologyGraph();
  readonly #lifecycle: Lifecycle;
  readonly #instruments;
  readonly #outputs = new Outputs(defaults.producer);
  readonly #host: AppHost;
  readonly #dispatcher: Dispatcher;
  readonly #views: TopicView[] = [];
  readonly #stores = new Set<Store<unknown>>();
  #guard: Guard = createGuard([], false);
  #connection: DriverConnection | undefined;
  #consumer: DriverConsumer | undefined;
  #committer: Committer | undefined;
  #watch: TopicWatch | undefined;
  #origins = new Map<string, string>();
  #running: Promise<void> | undefined;
  #stopDeadlineMs: number;
  /** Resolved by the first reason to end: a stop or a failure. */
  readonly #end: Promise<void>;
  #endNow: () => void = () => {};

  constructor(options: AppOptions) {
    if (options.groupId === '')
      throw new KafkaRxError('CONFIGURATION', 'groupId is empty', { remedy: 'Name the consumer group' });
    if (options.deadLetterTopic !== undefined) checkTopicName(options.deadLetterTopic);
    this.#options = options;
    this.#clock = options.clock ?? options.driver.clock ?? systemClock;
    this.#stopDeadlineMs = options.stopDeadlineMs ?? defaults.stopDeadlineMs;
    this.#lifecycle = new Lifecycle(options.logger ?? silentLogger);
    this.#end = new Promise(resolve => {
      this.#endNow = resolve;
    });
    this.#host = new AppHost({
      clock: this.#clock,
      policies: options.policies ?? {},
      lifecycle: this.#lifecycle,
      instruments: () => this.#instruments,
      deadLetters: this.#deadLetters(),
      dispatching: () => this.#dispatcher.dispatching,
      observe: (topic, place) => this.#observe(topic, place),
      failed: () => {
        this.#dispatcher.halt();
        this.#endNow();
      },
    });
    this.#dispatcher = new Dispatcher({
      clock: this.#clock,
      host: this.#host,
      bounds: { ...defaults.bounds, ...options.bounds },
      pace: { ...defaults.source, idleMs: options.idleMs ?? defaults.source.idleMs },
      viewsOf: topic => this.#views.filter(view => this.#wants(view, topic)),
      bufferedBytes: () => this.#outputs.bufferedBytes,
      pause: partition => this.#consumer?.pause([partition]),
      resume: partition => this.#consumer?.resume([partition]),
      flush: reason => this.#host.flush(reason),
      consumed: (topic, records) => this.#instruments.consumed.add(records, { topic }),
    });
    this.#instruments = instruments(options.metrics ?? memoryMetrics(), {
      inFlightRecords: () => this.#dispatcher.unsettled,
      inFlightBytes: () => this.#dispatcher.pinnedBytes,
      bufferedBytes: () => this.#outputs.bufferedBytes,
      partitions: () => partitionReadings(this.#dispatcher.lanes, this.#clock.elapsed()),
    });
  }

  // Wiring -----------------------------------------------------------------------------------------------------------

  topic<V, K = Buffer | null>(
    selector: TopicSelector,
    options: TopicOptions<K, V>,
  ): Observable<KafkaRecord<K, V>> {
    this.#mustBeWiring('app.topic');
    const pattern = topicPattern(selector);
    const node = this.#graph.add('source', pattern.label, { topics: pattern.names });
    // Without a key codec K is its default, bytes or null: the overload's type parameter says so.
    const key = options.key ?? (nullable(bytes) as Codec<unknown> as Codec<K>);
    const view = new TopicView<K, V>(
      { graph: this.#graph, node },
      pattern,
      key,
      options.value,
      options.onDecodeError,
      () => this.#dispatcher.wake(),
    );
    // A list of views of many types; each hands its own type to its own subscribers only.
    this.#views.push(view as unknown as TopicView);
    return view.records$;
  }

  to<V>(
    topic: string,
    options: TopicSinkOptions<V> & {
      key?: Codec<unknown> | undefined;
      keyBy?: ((value: V, record: KafkaRecord<unknown, V>) => unknown) | undefined;
    },
  ): Observer<KafkaRecord<unknown, V>> {
    this.#mustBeWiring('app.to');
    checkTopicName(topic);
    const node = this.#graph.add('sink', options.name ?? topic, { topics: [topic] });
    // The overloads of App tie the key codec to what keyBy or the record gives.
    const keyOf = keyMaker<unknown, V>(options.key, options.keyBy);
    return new TopicSink<unknown, V>(this.#host, { graph: this.#graph, node }, topic, keyOf, options, {
      outputs: this.#outputs,
      guard: () => this.#guard,
      produced: { add: (count, labels) => this.#instruments.produced.add(count, labels) },
    });
  }

  store<V>(store: Store<V>, options: StoreSinkOptions = {}): Observer<KafkaRecord<unknown, V>> {
    this.#mustBeWiring('app.store');
    // Opened and closed here, whatever its documents are.
    this.#stores.add(store as unknown as Store<unknown>);
    const node = this.#graph.add('sink', options.name ?? store.name);
    return new StoreSink(this.#host, { graph: this.#graph, node }, store, options, {
      guard: () => this.#guard,
      originOf: topic => this.#origins.get(topic) ?? `${this.#connection?.clusterId}/${topic}`,
      stored: { add: (count, labels) => this.#instruments.stored.add(count, labels) },
      maxDocuments: defaults.store.maxDocuments,
    });
  }

  each<K, V>(call: EachFunction<K, V>, options: EachSinkOptions = {}): Observer<KafkaRecord<K, V>> {
    this.#mustBeWiring('app.each');
    const node = this.#graph.add('sink', options.name ?? (call.name === '' ? 'each' : call.name));
    return new EachSink(
      this.#host,
      { graph: this.#graph, node },
      call,
      options,
      defaults.mapAsync.concurrency,
    );
  }

  describe(): TopologyDescription {
    return this.#graph.describe();
  }

  // Running ----------------------------------------------------------------------------------------------------------

  get events$(): Observable<LifecycleEvent> {
    return this.#lifecycle.events$;
  }

  health(): Health {
    return this.#lifecycle.health();
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
    this.#endNow();
    // The rejection belongs to whoever called run().
    await this.#running?.catch(() => {});
  }

  async #live(): Promise<void> {
    const off = onSignals(this.#options.signals ?? [], () => void this.stop());
    try {
      this.#lifecycle.enter('starting');
      this.#checkTopology();
      await this.#open();
      if (this.#lifecycle.error === undefined) this.#lifecycle.enter('running');
      await this.#end;
    } catch (error) {
      this.#host.fail(asKafkaRxError(error));
    } finally {
      await this.#close();
      off();
    }
    const { error } = this.#lifecycle;
    if (error !== undefined) throw error;
  }

  #checkTopology(): void {
    if (this.#views.length === 0) {
      throw new KafkaRxError('TOPOLOGY', 'The topology has no source', {
        remedy: 'Call app.topic and subscribe a sink to it',
      });
    }
    const unheard = this.#views.find(view => !view.hasSubscribers);
    if (unheard !== undefined) {
      throw new KafkaRxError(
        'SOURCE_WITHOUT_SUBSCRIBER',
        `Nobody is subscribed to the source '${unheard.name}'`,
        {
          remedy: 'Subscribe a sink to it, or leave the source out: its records would be committed unread',
        },
      );
    }
    const { guard } = this.#options;
    this.#guard = createGuard([...this.#graph.masks, ...(guard?.fields ?? [])], guard?.scan ?? false);
  }

  async #open(): Promise<void> {
    const { driver, groupId, clientId = groupId, logger = silentLogger } = this.#options;
    const connection = await driver.connect({
      clientId,
      clock: this.#clock,
      logger,
      event: event => this.#lifecycle.tell({ type: 'driver', event }),
    });
    this.#connection = connection;
    for (const store of this.#stores) await store.open();
    await this.#outputs.open(connection);

    this.#watch = new TopicWatch(
      this.#views.map(view => view.pattern),
      this.#outputs.topics,
      { connection, clock: this.#clock, everyMs: this.#options.discoveryMs ?? defaults.source.discoveryMs },
    );
    const topics = await this.#watch.first();
    this.#noteTopics(topics);
    const consumer = connection.consumer(
      {
        groupId,
        topics: topics.map(topic => topic.name),
        startFrom: this.#options.startFrom ?? 'earliest',
        coPartitioned: this.#options.coPartitioned ?? [],
        sessionTimeoutMs: this.#options.sessionTimeoutMs ?? defaults.group.sessionTimeoutMs,
        rebalanceTimeoutMs: this.#rebalanceTimeoutMs,
        readCommitted: true,
      },
      this.#listener(),
    );
    this.#consumer = consumer;
    this.#commitSettled(consumer);
    await Promise.race([consumer.start(), this.#end]);
    this.#watch.start(async found => {
      this.#noteTopics(found);
      await consumer.subscribe(found.map(topic => topic.name));
    });
  }

  /** Deliveries settle in any order; what may be committed is committed in order. */
  #commitSettled(consumer: DriverConsumer): void {
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

  /** Drain first, let go second. */
  #listener(): ConsumerListener {
    return {
      assigned: partitions => {
        this.#dispatcher.assign(partitions);
        this.#lifecycle.tell({ type: 'assigned', partitions });
      },
      revoking: async partitions => {
        this.#lifecycle.tell({ type: 'revoking', partitions });
        // Four fifths: the last commit and the answer to the broker need the rest.
        await within(this.#clock, this.#settleAndCommit(partitions, 'drain'), this.#rebalanceTimeoutMs * 0.8);
        const pending = this.#letGo(partitions);
        this.#lifecycle.tell({ type: 'revoked', partitions, pending });
      },
      lost: partitions => {
        this.#letGo(partitions);
        this.#lifecycle.tell({ type: 'lost', partitions });
      },
      batch: batch => this.#dispatcher.accept(batch),
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
    this.#dispatcher.lose(partitions);
    for (const { topic, partition } of partitions) this.#committer?.forget(topic, partition);
    return before - this.#dispatcher.unsettled;
  }

  // Ending -----------------------------------------------------------------------------------------------------------

  async #close(): Promise<void> {
    if (this.#lifecycle.error === undefined) this.#lifecycle.enter('stopping');
    this.#watch?.stop();
    const { lanes } = this.#dispatcher;
    await this.#bounded(this.#settleAndCommit(lanes, 'stop'), this.#stopDeadlineMs);
    this.#dispatcher.halt();
    this.#lifecycle.tell({ type: 'drained', pending: this.#letGo([...lanes]) });
    this.#committer?.close();
    await this.#bounded(this.#consumer?.stop(), closingMs);
    this.#lifecycle.enter(this.#lifecycle.error === undefined ? 'stopped' : 'failed');
    // Sinks may end now: nothing is pending.
    for (const view of this.#views) view.complete();
    await this.#bounded(this.#outputs.close(), closingMs);
    for (const store of this.#stores) await this.#bounded(store.close(), closingMs);
    await this.#bounded(this.#connection?.close(), closingMs);
  }

  /** Awaits a part of the ending, whatever becomes of it: the first error is the one that counts. */
  async #bounded(work: Promise<unknown> | undefined, boundMs: number): Promise<void> {
    if (work === undefined) return;
    try {
      await within(this.#clock, work, boundMs);
    } catch (error) {
      this.#options.logger?.warn({ error: errorKind(error) }, 'closing failed');
    }
  }

  // Parts ------------------------------------------------------------------------------------------------------------

  get #rebalanceTimeoutMs(): number {
    return this.#options.rebalanceTimeoutMs ?? defaults.group.rebalanceTimeoutMs;
  }

  #deadLetters(): DeadLetters | undefined {
    const { deadLetterTopic, groupId } = this.#options;
    if (deadLetterTopic === undefined) return undefined;
    return new DeadLetters(deadLetterTopic, {
      clock: this.#clock,
      outputs: this.#outputs,
      app: groupId,
      published: count => this.#instruments.deadLettered.add(count),
      failed: (error, delivery) => this.#host.deadLetterFailed(error, delivery),
    });
  }

  #wants({ pattern }: TopicView, topic: string): boolean {
    return (
      pattern.matches(topic) &&
      !(pattern.dynamic && (this.#outputs.topics.has(topic) || topic.startsWith('__')))
    );
  }

  #observe(topic: string, place: { readonly node: Parameters<TopologyGraph['connect']>[1] }): void {
    if (this.#graph.reaches(place.node)) return;
    for (const view of this.#views) {
      if (this.#wants(view, topic)) this.#graph.connect(view.place.node, place.node, true);
    }
  }

  #noteTopics(topics: readonly { readonly name: string; readonly id: string }[]): void {
    for (const { name, id } of topics) this.#origins.set(name, `${this.#connection?.clusterId}/${id}`);
    this.#lifecycle.tell({ type: 'subscribed', topics: topics.map(topic => topic.name) });
  }

  #mustBeWiring(what: string): void {
    if (this.#lifecycle.state !== 'wiring') {
      throw new KafkaRxError('TOPOLOGY', `${what} was called after run()`, {
        remedy: 'Wire the whole topology first',
      });
    }
  }
}

/** Milliseconds for each step of closing: what hangs must not keep the process. */
const closingMs = 10_000;

function asKafkaRxError(error: unknown): KafkaRxError {
  return isKafkaRxError(error)
    ? error
    : new KafkaRxError('DRIVER', `The app could not start (${errorKind(error)})`, { cause: error });
}
