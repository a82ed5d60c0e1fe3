import type { Observable, Observer } from 'rxjs';
import { nameKind } from '../base/name-kinds.js';
import { call as callKind, flag, milliseconds, required } from '../base/option-kinds.js';
import { checkArgument, checkOptions, type Fields } from '../base/option-schema.js';
import { checkTopicName } from '../base/topic-name.js';
import { looksMasked } from '../card/card-number.js';
import { bytes } from '../codecs/bytes.js';
import { type Codec, codecKind } from '../codecs/codec.js';
import { declaredShape } from '../codecs/declared.js';
import { nullable } from '../codecs/nullable.js';
import { timesBehindKey } from '../codecs/windowed-key.js';
import { KafkaRxError } from '../errors/errors.js';
import { verdictKind } from '../errors/policies/policy.js';
import type { AppSink } from '../flow/sinks/app-sink.js';
import { checkGuarded, type Declaring } from '../flow/sinks/check-guarded.js';
import { partOfSink } from '../flow/sinks/document-identities.js';
import {
  type EachFunction,
  EachSink,
  type EachSinkOptions,
  eachSinkOptions,
} from '../flow/sinks/each-sink.js';
import { createGuard, type Guard, type GuardOptions } from '../flow/sinks/guard.js';
import type { Outputs } from '../flow/sinks/outputs.js';
import type { SinkHost } from '../flow/sinks/sink.js';
import { StoreSink, type StoreSinkOptions, storeSinkOptions } from '../flow/sinks/store-sink.js';
import { StoreWrites } from '../flow/sinks/store-writes.js';
import { keyMaker, TopicSink, type TopicSinkOptions, topicSinkOptions } from '../flow/sinks/topic-sink.js';
import { Watcher, type WatchOptions, watchOptions } from '../flow/sinks/watcher.js';
import type { RecordTime } from '../flow/source/record-time.js';
import { type TopicSelector, topicPattern } from '../flow/source/topic-pattern.js';
import { TopicView } from '../flow/source/topic-view.js';
import type { Views } from '../flow/source/views.js';
import type { Instruments } from '../logging/metrics/instruments.js';
import type { NotLater } from '../record/not-later.js';
import type { KafkaRecord } from '../record/record.js';
import {
  type InternalTopic,
  type InternalTopicOptions,
  internalTopicOptions,
} from '../state/internal-topic.js';
import { type State, type StateOptions, stateOptions } from '../state/state.js';
import { askedPositions } from '../stores/asked-positions.js';
import { type DocumentStore, storeKind } from '../stores/port.js';
import { defaults } from './defaults.js';
import type { App, TopicOptions } from './interface.js';
import type { AppStates } from './states/app-states.js';
import type { NodeParts, TopologyGraph } from './topology/graph.js';
import type { TopologyNode } from './topology/node.js';
import type { Place } from './topology/topology-observable.js';

export const topicOptions: Fields<TopicOptions<unknown, unknown>> = {
  key: codecKind,
  value: required(codecKind),
  onDecodeError: verdictKind,
  deadLetters: flag,
  timestamp: callKind,
  maxAheadMs: milliseconds(0, { endless: true }),
};

/** What the wiring needs of the app that it is the wiring of. */
export interface WiringParts {
  readonly graph: TopologyGraph;
  readonly views: Views;
  readonly host: SinkHost;
  readonly outputs: Outputs;
  readonly instruments: Instruments;
  readonly states: AppStates;
  /** For partitioners of records without a key. */
  readonly random: (() => number) | undefined;
}

/** The topology while it is wired and checked: sources, sinks, stores, and the graph of them. */
export class Wiring implements Pick<App, 'topic' | 'to' | 'state' | 'internal' | 'store' | 'each' | 'watch'> {
  readonly graph: TopologyGraph;
  readonly stores = new Set<DocumentStore<unknown>>();
  /** Names of the sinks that write elsewhere than to topics: what they do is at least once, whatever the app's guarantee. */
  readonly besideTopics: string[] = [];
  /** What tells which fields values have: codecs of sources and of topic sinks, and stores. */
  readonly #declaring: Declaring[] = [];
  readonly #parts: WiringParts;
  #guard: Guard = createGuard([], false);
  /** By a store's place, or its name where it has none: two objects may stand for one folder. */
  readonly #unnamedSinks = new Map<string, number>();
  /** By store and by its positions, and its name: its writes are one at a time and in order, whatever sinks it has. */
  readonly #writes = new Map<object, Map<string, StoreWrites>>();
  #closed = false;

  constructor(parts: WiringParts) {
    this.#parts = parts;
    this.graph = parts.graph;
  }

  topic<V, K = Buffer | null>(
    selector: TopicSelector,
    options: TopicOptions<K, V>,
  ): Observable<KafkaRecord<K, V>> {
    const pattern = topicPattern(selector);
    checkOptions(`app.topic('${pattern.label}')`, topicOptions, options);
    const place = this.#place('source', pattern.label, {
      topics: pattern.names,
      policies: [options.onDecodeError],
    });
    // Without a key codec K is its default, bytes or null: the overload's type parameter says so.
    const key = options.key ?? (nullable(bytes) as Codec<unknown> as Codec<K>);
    const { views } = this.#parts;
    const view = new TopicView(
      place,
      pattern,
      key,
      options.value,
      options.onDecodeError,
      options.deadLetters ?? false,
      timeOfRecords(options),
      () => views.subscribersChanged(),
    );
    this.#declaring.push({ name: place.node.id, by: options.value, writes: false });
    // A list of views of many types; each hands its own type to its own subscribers only.
    views.add(view as unknown as TopicView);
    return view.records$;
  }

  to<V>(
    topic: string,
    options: TopicSinkOptions<V> & {
      key?: Codec<unknown> | undefined;
      keyBy?: ((value: V, record: KafkaRecord<unknown, V>) => unknown) | undefined;
    },
  ): AppSink<KafkaRecord<unknown, V>> {
    checkTopicName(topic);
    checkOptions(`app.to('${topic}')`, topicSinkOptions, options);
    const policies = [options.onEncodeError, options.onProduceError];
    const place = this.#place('sink', options.name ?? topic, { topics: [topic], policies });
    this.#declaring.push({ name: place.node.id, by: options.value, writes: true });
    // A key of text may be JSON too; only what is declared is a place that a path may mean.
    if (options.key !== undefined && declaredShape(options.key) !== undefined)
      this.#declaring.push({ name: place.node.id, by: options.key, writes: true });
    // The overloads of App tie the key codec to what keyBy or the record gives.
    const keyOf = keyMaker<unknown, V>(options.key, options.keyBy);
    const { host, outputs, instruments, random } = this.#parts;
    const parts = {
      ...{ outputs, guard: () => this.#guard, produced: instruments.produced, random },
      behindKey: timesBehindKey(options.key),
    };
    return new TopicSink<unknown, V>(host, place, topic, keyOf, options, parts);
  }

  state<K, V>(name: string, options: StateOptions<K, V>): State<K, V> {
    const { states } = this.#parts;
    checkArgument('app.state', 'the name', required(nameKind), name);
    checkTopicName(states.changelogOf(name));
    checkOptions(`app.state('${name}')`, stateOptions, options);
    if (this.#closed) throw this.#tooLate(name);
    this.#declaring.push({ name, by: options.value, writes: true });
    return states.add(name, options);
  }

  internal<K, V>(name: string, options: InternalTopicOptions<K, V>): InternalTopic<K, V> {
    const { states, host, outputs, instruments } = this.#parts;
    checkArgument('app.internal', 'the name', required(nameKind), name);
    const topic = states.internalTopicOf(name);
    checkTopicName(topic);
    checkOptions(`app.internal('${name}')`, internalTopicOptions, options);
    const { key, value, partitions } = options;
    const place = this.#place('sink', topic, { topics: [topic] });
    this.#declaring.push({ name: place.node.id, by: value, writes: true });
    const parts = { outputs, guard: () => this.#guard, produced: instruments.produced, internal: true };
    const sink = new TopicSink<K, V>(host, place, topic, keyMaker<K, V>(key, undefined), { value }, parts);
    states.addInternal({ name, topic, sink: place.node, partitions });
    return { name, topic, way: { sink, records$: this.topic<V, K>(topic, { key, value }) } };
  }

  store<V>(store: DocumentStore<V>, options: StoreSinkOptions = {}): AppSink<KafkaRecord<unknown, V>> {
    checkArgument('app.store', 'the store', storeKind, store);
    checkOptions(`app.store('${store.name}')`, storeSinkOptions, options, defaults.store);
    const place = this.#place('sink', options.name ?? store.name, { policies: [options.onStoreError] });
    this.besideTopics.push(place.node.id);
    const sink = options.name === undefined ? this.#unnamedSink(store) : partOfSink(place.node.id);
    this.#declaring.push({ name: place.node.id, by: store, writes: true });
    // Opened and closed by the app, whatever its documents are.
    this.stores.add(store as unknown as DocumentStore<unknown>);
    const { host, instruments } = this.#parts;
    const { maxDocuments } = defaults.store;
    const parts = {
      guard: () => this.#guard,
      sink,
      stored: instruments.stored,
      maxDocuments,
      writes: this.#writesOf(store),
    };
    return new StoreSink(host, place, store, options, parts);
  }

  /** A copy of a store's fields has the positions and the name of the first: it is the same store. */
  #writesOf(store: Pick<DocumentStore<unknown>, 'name' | 'positions'>): StoreWrites {
    const { name, positions } = store;
    const keys = positions ? [store, positions] : [store];
    const writes =
      keys.map(key => this.#writes.get(key)?.get(name)).find(found => found !== undefined) ??
      new StoreWrites(this.#parts.host);
    for (const key of keys) {
      const named = this.#writes.get(key) ?? new Map<string, StoreWrites>();
      this.#writes.set(key, named.set(name, writes));
    }
    return writes;
  }

  /** Settles when the store has answered for what it was handed; undefined: it has. */
  writing(store: DocumentStore<unknown>): Promise<unknown> | undefined {
    return this.#writes.get(store)?.get(store.name)?.underWay;
  }

  /** The first sink of a store has none, the others are counted in the order of wiring. */
  #unnamedSink(given: Pick<DocumentStore<unknown>, 'name' | 'positions'>): string {
    const store = askedPositions(given)?.place?.() ?? given.name;
    const number = (this.#unnamedSinks.get(store) ?? 0) + 1;
    this.#unnamedSinks.set(store, number);
    return number === 1 ? '' : `#${number}`;
  }

  each<K, V>(call: EachFunction<K, V>, options: EachSinkOptions = {}): AppSink<KafkaRecord<K, V>> {
    checkArgument('app.each', 'the function', required(callKind), call);
    checkOptions('app.each', eachSinkOptions, options, defaults.each);
    const name = options.name ?? (call.name === '' ? 'each' : call.name);
    const place = this.#place('sink', name, { policies: [options.onError] });
    this.besideTopics.push(place.node.id);
    return new EachSink(this.#parts.host, place, call, options, defaults.each.concurrency);
  }

  watch<T, U = void>(look: ((value: T) => U) & NotLater<U>, options: WatchOptions = {}): Observer<T> {
    checkArgument('app.watch', 'the function', required(callKind), look);
    checkOptions('app.watch', watchOptions, options);
    const place = this.#place('sink', options.name ?? (look.name === '' ? 'watch' : look.name));
    return new Watcher(this.#parts.host, place, look);
  }

  /**
   * Ends the wiring.
   *
   * @throws `TOPOLOGY` without a source and where the app would read its own dead letters, `SOURCE_WITHOUT_SUBSCRIBER` for one that nobody hears, `PATH_WITHOUT_SINK` and
   *   `STREAM_WITHOUT_SUBSCRIBER` for what leads nowhere, `CONFIGURATION` for a path of the guard that
   *   nothing declares
   */
  close(guard: GuardOptions = {}, deadLetterTopic?: string | undefined): void {
    this.#closed = true;
    this.graph.close();
    const { all } = this.#parts.views;
    if (all.length === 0) {
      throw new KafkaRxError('TOPOLOGY', 'The topology has no source', {
        remedy: 'Call app.topic and subscribe a sink to it',
      });
    }
    const unheard = all.find(view => !view.isHeard);
    if (unheard !== undefined) {
      throw new KafkaRxError(
        'SOURCE_WITHOUT_SUBSCRIBER',
        `Nobody is subscribed to the source '${unheard.name}'`,
        { remedy: 'Subscribe a sink to it, or leave the source out: its records would be committed unread' },
      );
    }
    // What a RegExp finds leaves it out, as all that the app writes.
    const reader = all.find(
      ({ pattern }) => deadLetterTopic !== undefined && pattern.names.includes(deadLetterTopic),
    );
    if (reader !== undefined) throw readsOwnLetters(reader.name, deadLetterTopic);
    this.graph.ends.close();
    this.#parts.states.wired(() => this.#guard);
    checkGuarded(guard, this.#declaring);
    const { fields = [], allow, scan = false } = guard;
    const { masks } = this.graph;
    masks.add(fields.map(path => ({ path, card: true, isMasked: looksMasked })));
    const make = (): void => {
      this.#guard = createGuard(masks.all, scan, allow);
    };
    make();
    // By a mask inside a pipe that is made while records flow.
    masks.onChange(make);
  }

  #place(kind: TopologyNode['kind'], name: string, parts: NodeParts = {}): Place {
    if (this.#closed) throw this.#tooLate(name);
    return { graph: this.graph, node: this.graph.add(kind, name, parts) };
  }

  #tooLate(name: string): KafkaRxError {
    return new KafkaRxError('TOPOLOGY', `'${name}' was added after run()`, {
      remedy: this.graph.ends.areOver
        ? 'Create another app: this one has ended'
        : 'Make it before run(); what app.to, app.store, app.each and app.watch gave then may be subscribed later, too',
    });
  }
}

function timeOfRecords<V>({ timestamp, maxAheadMs }: TopicOptions<unknown, V>): RecordTime<V> | undefined {
  return timestamp === undefined && maxAheadMs === undefined ? undefined : { timestamp, maxAheadMs };
}

function readsOwnLetters(source: string, topic: string | undefined): KafkaRxError {
  return new KafkaRxError(
    'TOPOLOGY',
    `The source '${source}' reads '${topic}', to which this app writes its dead letters: one that fails again would come back without end`,
    { remedy: 'Read dead letters in an app of its own, with another dead-letter topic or none' },
  );
}
