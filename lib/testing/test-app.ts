import type { Buffer } from 'node:buffer';
import { createApp, partsOf } from '../app/app.js';
import { crash } from '../app/crash.js';
import type { App } from '../app/interface.js';
import { type AppOptions, appOptions as allOptions, appDefaults } from '../app/options.js';
import { identityKind } from '../base/name-kinds.js';
import { call, either, kind, list, required, whole } from '../base/option-kinds.js';
import {
  checkArgument,
  checkOptions,
  type FieldKinds,
  type Fields,
  faultOf,
  isPlainObject,
} from '../base/option-schema.js';
import { checkTopicName, topicNameKind } from '../base/topic-name.js';
import { type Codec, codecKind } from '../codecs/codec.js';
import { MemoryBroker, memory } from '../drivers/memory/index.js';
import { KafkaRxError } from '../errors/errors.js';
import { partitionForKey } from '../flow/sinks/partitioner.js';
import { type MemoryMetrics, memoryMetrics } from '../logging/metrics/metrics.js';
import type { Headers } from '../record/headers.js';
import { MortalProcess } from './mortal-process.js';
import { requireKnown } from './require-known.js';
import { VirtualClock } from './virtual-clock.js';
import { wired } from './wired.js';
import { writtenContent, writtenKind } from './written-content.js';

/** A record to pipe in: text and bytes as they are, anything else as JSON; what JSON has no form for is refused. */
export interface PipedRecord {
  readonly key?: unknown;
  readonly value: unknown;
  readonly headers?: Headers | undefined;
  /** Milliseconds since 1970. Default: the virtual time. */
  readonly timestamp?: number | undefined;
  readonly partition?: number | undefined;
}

/** A record read from an output topic. */
export interface ReadRecord<K, V> {
  readonly key: K;
  readonly value: V;
  readonly headers: Headers;
  readonly timestamp: number;
  readonly partition: number;
  readonly offset: number;
}

/** @category Testing @since 0.1.0 */
export interface TestAppOptions extends Omit<AppOptions, 'driver' | 'groupId' | 'metrics' | 'clock'> {
  readonly groupId?: string | undefined;
  /** Partitions of every topic, or by topic, 1 where nothing is said; internal topics that are not named are made by the app. Default 1. */
  readonly partitions?: number | Readonly<Record<string, number>> | undefined;
  /** Topics to create beside those that the topology names: what a RegExp is to find. */
  readonly topics?: readonly string[] | undefined;
}

const { driver: _driver, clock: _clock, metrics: _metrics, ...ofTheApp } = allOptions;

export const testAppOptions: Fields<TestAppOptions> = {
  ...ofTheApp,
  groupId: identityKind,
  partitions: either(
    whole(1),
    kind('an object of such by topic', by => {
      return (
        isPlainObject(by) &&
        Object.values(by).every(count => Number.isSafeInteger(count) && Number(count) > 0)
      );
    }),
  ),
  topics: list(topicNameKind),
};

const ofContents: FieldKinds = { key: writtenKind, value: required(writtenKind) };

/** The broker looks at all that is in them but their contents. */
const pipedKind = required(
  list(
    kind('a record, such as { key, value }', record => {
      if (!isPlainObject(record)) return false;
      const { key, value } = record;
      return faultOf(ofContents, { key, value });
    }),
  ),
);
const readOptions = { key: codecKind, value: required(codecKind) };

/** A whole topology under test. @category Testing @since 0.1.0 */
export interface TestApp {
  /** The one that runs. */
  readonly app: App;
  /** The embedded broker, with its scripted faults under `broker.faults`. */
  readonly broker: MemoryBroker;
  readonly clock: VirtualClock;
  readonly metrics: MemoryMetrics;
  /**
   * Publishes records and runs them through the topology: when it returns, all that is synchronous has happened, and its
   * output can be read; under exactly once only after `idle`, `advance` or `stop`, since it is seen at the commit. Throws what failed the app, and `CLOSED` after `stop`.
   */
  pipeIn(topic: string, records: readonly PipedRecord[]): void;
  /** The records that came to a topic since the last `read` of it. */
  read<V, K = Buffer | null>(
    topic: string,
    codecs: { readonly key?: Codec<K>; readonly value: Codec<V> },
  ): ReadRecord<K, V>[];
  /**
   * Moves the virtual time by steps: after each, all that it resolved has been handled. Rejects with what failed the app.
   */
  advance(ms: number): Promise<void>;
  /**
   * Lets promises and deferred work run until nothing moves any more; virtual time stands still. Under exactly once all that has
   * settled is committed then, as it is at each `commit.intervalMs`: outputs can be read.
   */
  idle(): Promise<void>;
  /** The group's committed offsets of a topic, by partition; -1 for none. */
  committed(topic: string): readonly number[];
  /**
   * The app ends as by SIGKILL: nothing of it drains, commits or is told any more. Broker, stores and folders stay as they are; its place in the group
   * and its open transactions are dropped at once. What is piped in meanwhile waits for `restart`.
   */
  crash(): Promise<void>;
  /** Stops the app, unless it has crashed, and runs another of the same topology on the same broker: what it keeps comes from there. */
  restart(): Promise<void>;
  /**
   * The largest timestamp that the operator of a state has taken, in whichever task, of what is committed and of what is not; by default of all states.
   * Undefined: none has taken one, as of states without windows.
   */
  streamTime(state?: string): number | undefined;
  /** Drains, commits and stops. Rejects with what failed the app. */
  stop(): Promise<void>;
}

/**
 * Runs a topology on an embedded broker in virtual time: no Kafka, no waiting, the same at each run.
 *
 * @param topology wires sources to sinks; the topics that it names are created
 * @example
 * ```ts
 * const t = await testApp(app => purchases(app, history));
 * t.pipeIn('transactions', [{ key: 'c1', value: purchase }]);
 * expect(t.read('rewards', { key: string, value: json(Reward) })).toMatchObject([{ key: 'c1', value: { points: 12 } }]);
 * await t.stop();
 * ```
 * @category Testing @since 0.1.0
 */
export async function testApp(topology: (app: App) => void, options: TestAppOptions = {}): Promise<TestApp> {
  checkArgument('testApp', 'the topology', required(call), topology);
  checkOptions('testApp', testAppOptions, options, appDefaults);
  const { partitions = 1, topics = [], groupId = 'test', ...appOptions } = options;
  const clock = new VirtualClock();
  const broker = new MemoryBroker({ clock, partitioner: javaPartitioner() });
  const metrics = memoryMetrics();
  const make = () => {
    const process = new MortalProcess(clock, broker, memory({ broker }));
    const made = createApp({ ...appOptions, groupId, driver: process.driver, clock: process.clock, metrics });
    wired('testApp', topology(made));
    return { app: made, process };
  };
  let { app, process } = make();

  const { nodes, internalTopics } = app.describe();
  const deadLetters = options.deadLetters === undefined ? [] : [options.deadLetters.topic];
  const named = new Set([...nodes.flatMap(node => node.topics), ...topics, ...deadLetters]);
  if (typeof partitions === 'number') for (const topic of named) broker.createTopic(topic, partitions);
  else {
    requireKnown(Object.keys(partitions), named);
    for (const topic of named) {
      if (topic in partitions || !internalTopics.includes(topic))
        broker.createTopic(topic, partitions[topic] ?? 1);
    }
  }

  let failure: unknown;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  const positions = new Map<string, number[]>();

  const turn = async (): Promise<void> => {
    clock.flush();
    await new Promise(resolve => setImmediate(resolve));
  };
  const settle = async (): Promise<void> => {
    // Quiet turns in a row: a promise chain may be several turns deep before it asks for anything visible.
    for (let quiet = 0; quiet < 10; ) {
      const before = activity(clock, metrics);
      await turn();
      quiet = activity(clock, metrics) === before ? quiet + 1 : 0;
    }
  };
  const idle = async (): Promise<void> => {
    await settle();
    // What one unit has written to an internal topic is another's to read.
    for (let before = ''; before !== activity(clock, metrics); ) {
      before = activity(clock, metrics);
      if (process.isAlive) void partsOf(app)?.units.flush();
      await settle();
    }
  };
  const throwFailure = (): void => {
    if (failure !== undefined) throw failure;
  };

  const start = async (): Promise<void> => {
    // Heard at once: run() rejects only when all is closed.
    app.events$.subscribe(event => {
      if (event.type === 'failed') failure = event.error;
    });
    running = app.run().catch(error => {
      failure = error;
    });
    for (let turns = 0; app.health().state === 'starting' || app.health().state === 'wiring'; turns++) {
      if (turns > 1000) throw new KafkaRxError('DEADLINE', 'the app under test did not start');
      await turn();
    }
    await idle();
    throwFailure();
  };
  const stop = async (): Promise<void> => {
    if (!process.isAlive) return;
    let closed = false;
    void app.stop().then(() => {
      closed = true;
    });
    for (let turns = 0; !closed; turns++) {
      await turn();
      // What waits for a deadline gets it.
      if (turns > 100) await clock.advanceAsync(1000);
    }
    await running;
    throwFailure();
  };
  await start();

  return {
    get app() {
      return app;
    },
    broker,
    clock,
    metrics,
    idle,
    pipeIn(topic, records) {
      checkArgument('pipeIn', 'the records', pipedKind, records);
      throwFailure();
      if (stopped) {
        throw new KafkaRxError('CLOSED', 'pipeIn: the app under test was stopped, and reads nothing more', {
          remedy: 'Pipe in before stop(), or behind restart()',
        });
      }
      broker.publish(
        topic,
        records.map(record => ({
          ...record,
          key: writtenContent(record.key ?? null),
          value: writtenContent(record.value),
        })),
      );
      clock.flush();
      throwFailure();
    },
    read<V, K>(
      topic: string,
      codecs: { readonly key?: Codec<K>; readonly value: Codec<V> },
    ): ReadRecord<K, V>[] {
      checkTopicName(topic);
      checkOptions('read', readOptions, codecs);
      const from = positions.get(topic) ?? [];
      const fresh = broker.records(topic).filter(record => record.offset >= (from[record.partition] ?? 0));
      // Not to the end: a unit that is open has records there, which are seen once it is committed.
      const after = [...from];
      for (const { partition, offset } of fresh) after[partition] = offset + 1;
      positions.set(topic, after);
      return fresh.map(record => {
        const at = { topic, partition: record.partition, offset: record.offset };
        return {
          ...record,
          // Without a key codec K is its default, bytes or null.
          key: codecs.key === undefined ? (record.key as K) : codecs.key.decode(record.key, at),
          value: codecs.value.decode(record.value, at),
        };
      });
    },
    async advance(ms) {
      await clock.advanceAsync(ms);
      throwFailure();
    },
    committed: topic => broker.committed(groupId, topic),
    async crash() {
      process.kill();
      const parts = partsOf(app);
      if (parts !== undefined) await crash(parts);
      // Of a process that is gone.
      failure = undefined;
    },
    async restart() {
      await stop();
      stopped = false;
      ({ app, process } = make());
      await start();
    },
    streamTime(state) {
      const { states } = app.describe();
      if (state !== undefined) requireKnown([state], new Set(states.map(({ name }) => name)), 'state');
      const times = (partsOf(app)?.states.kept.readings ?? [])
        .flatMap(reading => reading.states)
        .flatMap(one => (state === undefined || one.state === state ? (one.streamTime ?? []) : []));
      return times.length === 0 ? undefined : Math.max(...times);
    },
    async stop() {
      stopped = true;
      await stop();
    },
  };
}

/** A number that changes whenever something happened. */
function activity(clock: VirtualClock, metrics: MemoryMetrics): string {
  const samples = [...metrics.snapshot()].map(([name, values]) => [name, values.map(sample => sample.value)]);
  return JSON.stringify([clock.pending, samples]);
}

/** Where Java's producer would put what is piped in; records without a key in turn, so that a test can be repeated. */
function javaPartitioner(): (key: Buffer | null, partitions: number) => number {
  let turn = 0;
  return (key, partitions) => (key === null ? turn++ % partitions : partitionForKey(key, partitions));
}
