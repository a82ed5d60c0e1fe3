import type { Observable, Observer } from 'rxjs';
import type { Codec } from '../codecs/codec.js';
import type { Verdict } from '../flow/leases/delivery.js';
import type { AppSink } from '../flow/sinks/app-sink.js';
import type { EachFunction, EachSinkOptions } from '../flow/sinks/each-sink.js';
import type { StoreSinkOptions } from '../flow/sinks/store-sink.js';
import type { TopicSinkOptions } from '../flow/sinks/topic-sink.js';
import type { WatchOptions } from '../flow/sinks/watcher.js';
import type { TopicSelector } from '../flow/source/topic-pattern.js';
import type { NotLater } from '../record/not-later.js';
import type { KafkaRecord } from '../record/record.js';
import type { InternalTopic, InternalTopicOptions } from '../state/internal-topic.js';
import type { State, StateOptions } from '../state/state.js';
import type { DocumentStore } from '../stores/port.js';
import type { Health, LifecycleEvent } from './lifecycle/events.js';
import type { TopologyDescription } from './topology/description.js';

/** @category App @since 0.1.0 */
export interface TopicOptions<K, V> {
  /** Decodes keys. Default: bytes or null. */
  readonly key?: Codec<K> | undefined;
  readonly value: Codec<V>;
  /** What becomes of a record that cannot be decoded. Default: the app's policy for `decode`. */
  readonly onDecodeError?: Verdict | undefined;
  /**
   * The topic is one of dead letters: their headers are handed on, for `readDeadLetter`. Default false: in any other topic
   * headers of those names are forged, and dropped.
   */
  readonly deadLetters?: boolean | undefined;
  /**
   * When the record happened, from its value: whole milliseconds since 1970, a safe integer of at least 0. Anything else is a
   * `DECODE` problem of the record. `own` is the record's timestamp, -1 where it has none. Sinks write it, and a task of several inputs goes by it. Default: the record's own timestamp.
   */
  readonly timestamp?: ((value: V, own: number) => number) | undefined;
  /**
   * Milliseconds: a record that is dated further ahead of this machine's clock is a `DECODE` problem, since what goes by
   * the largest timestamp would take all that comes after it for late. Default: any date is taken.
   */
  readonly maxAheadMs?: number | undefined;
}

/** An app under construction or running. Made by `createApp`. @category App @since 0.1.0 */
export interface App {
  /**
   * A hot Observable of the records of one topic, several, or all whose name matches a RegExp (looked up again while
   * the app runs; never internal topics nor what this app writes). Subscribing starts nothing; `run` does. Late
   * subscribers get what comes later. Completes when the app has stopped, for who subscribes afterwards at once; never errors.
   * A RegExp is searched for in the name, as JavaScript does: `/orders/` finds `old-orders-2` too. Java's patterns match the
   * whole name, so write `/^orders$/` for theirs.
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
  ): AppSink<KafkaRecord<unknown, V>>;
  to<V, K>(
    topic: string,
    options: TopicSinkOptions<V> & { key: Codec<K>; keyBy: (value: V, record: KafkaRecord<unknown, V>) => K },
  ): AppSink<KafkaRecord<unknown, V>>;
  to<V, K>(
    topic: string,
    options: TopicSinkOptions<V> & { key: Codec<K>; keyBy?: undefined },
  ): AppSink<KafkaRecord<K, V>>;
  to<V>(
    topic: string,
    options: TopicSinkOptions<V> & { key?: undefined; keyBy?: undefined },
  ): AppSink<KafkaRecord<Buffer | string | null, V>>;

  /**
   * A named map that an operator of `kafka-rx/state` keeps: counts, windows, whatever an aggregate makes. It lies in the backend and, as a whole, in its
   * changelog `<groupId>-<name>-changelog`, from which whoever has the task next restores it. It is exact under every guarantee: what comes again
   * counts once.
   *
   * @throws `CONFIGURATION` for a name that there is already, or that makes no topic's name
   */
  state<K, V>(name: string, options: StateOptions<K, V>): State<K, V>;

  /**
   * A topic of the app's own, `<groupId>-<name>-repartition`, by which `repartition` brings records together. It is made where it is missing, is
   * written with the unit of work of each task, under every guarantee, and keeps what is not read yet for ever.
   *
   * @throws `CONFIGURATION` for a name that makes no topic's name
   */
  internal<K, V>(name: string, options: InternalTopicOptions<K, V>): InternalTopic<K, V>;

  /** A sink that writes documents into a store, which the app opens and closes. */
  store<V>(store: DocumentStore<V>, options?: StoreSinkOptions): AppSink<KafkaRecord<unknown, V>>;

  /** A sink that calls a function for each record, one at a time per partition, and awaits the promise it may return. */
  each<K, V>(call: EachFunction<K, V>, options?: EachSinkOptions): AppSink<KafkaRecord<K, V>>;

  /**
   * For a `subscribe` that only looks at what passes, such as a display or a test: nothing waits for it, it may end, and
   * it keeps nothing from being committed. A bare `subscribe(fn)` is refused, since mostly it was meant to be `each`.
   * Takes whatever an operator makes, not records alone. What the function throws fails the app.
   */
  watch<T, U = void>(look: ((value: T) => U) & NotLater<U>, options?: WatchOptions): Observer<T>;

  /**
   * Consumes until stopped or failed. Resolves after a drained stop; rejects with the first error. Once only.
   *
   * Rejects at once, with nothing consumed, with `TOPOLOGY` (no source), `SOURCE_WITHOUT_SUBSCRIBER`,
   * `STREAM_WITHOUT_SUBSCRIBER`, `PATH_WITHOUT_SINK` (a subscribe that is no sink), `UNREACHABLE` (no
   * broker answers), `MISSING_TOPIC`, or `STORE` (a store cannot be opened).
   */
  run(): Promise<void>;

  /**
   * Stops intake, drains, commits while still a member of the group, closes. Resolves when `run` has settled, inside the
   * deadline and what closing takes, at most 10,000 ms for each thing that was opened; never rejects with what failed. What was not settled by
   * then stays uncommitted. A start under way is given up: what it opens too late is closed again.
   * Do not await it in the work on a record (`app.each`, `mapAsync`, a store's `write`): the drain waits for that work, which
   * waits for it, up to the deadline, and the record comes again. There `void app.stop()`, and return.
   * A deadline that cannot be is as none, and in the end rejects with `CONFIGURATION`.
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
