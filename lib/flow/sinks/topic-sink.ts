import { Buffer } from 'node:buffer';
import type { Place } from '../../app/topology/topology-observable.js';
import { disregard, disregardWithin } from '../../base/disregard.js';
import { call, either, list, required, text } from '../../base/option-kinds.js';
import type { Fields } from '../../base/option-schema.js';
import { type Codec, codecKind } from '../../codecs/codec.js';
import { UnmaskedField } from '../../codecs/declared.js';
import { errorKind, isKafkaRxError, KafkaRxError } from '../../errors/errors.js';
import { isInstance } from '../../errors/is-instance.js';
import { located } from '../../errors/located.js';
import { ofPart, type RecordPart } from '../../errors/of-part.js';
import { verdictKind } from '../../errors/policies/policy.js';
import type { Counter } from '../../logging/metrics/metrics.js';
import { farFuture } from '../../record/far-future.js';
import { type Header, type Headers, noHeaders } from '../../record/headers.js';
import { disregardOutgoing, outgoing } from '../../record/outgoing.js';
import type { KafkaRecord } from '../../record/record.js';
import { refuseLater } from '../../record/refuse-later.js';
import { timeOfWriting } from '../../record/time-of-writing.js';
import { type Deliveries, deliveriesOf, type Verdict } from '../leases/delivery.js';
import { isWritten, listOf, releaseAll } from '../leases/leases.js';
import { type Guard, unmasked } from './guard.js';
import { keyBytes } from './key-bytes.js';
import { makerOf, makerOfFault } from './maker-of.js';
import type { OutputChannel } from './output-channel.js';
import type { Outputs } from './outputs.js';
import { createPartitioner, type Partitioner } from './partitioner.js';
import { Sink, type SinkHost, type SinkOptions, sinkOptions } from './sink.js';
import type { TopicWriter } from './topic-channel.js';
import { TopicChannels } from './topic-channels.js';

/** @category Sinks @since 0.1.0 */
export interface TopicSinkOptions<V> extends SinkOptions {
  /** Encodes what is written. */
  readonly value: Codec<V>;
  /** The partition to write to. Default: Kafka's own rule, by the key's bytes, without the times of a window, or sticky for a null key. */
  readonly partition?: ((record: KafkaRecord<unknown, V>, partitions: number) => number) | undefined;
  /**
   * Names of headers that are passed on, or a function that makes them: keys are text, values bytes or null (a header that
   * the record may lack is left out, not undefined). Default: none.
   */
  readonly headers?: readonly string[] | ((record: KafkaRecord<unknown, V>) => readonly Header[]) | undefined;
  /**
   * Whole milliseconds since 1970; anything else is an `ENCODE` problem of the record. Default: the record's own
   * timestamp, or the time of writing where it has none.
   */
  readonly timestamp?: ((record: KafkaRecord<unknown, V>) => number) | undefined;
  /** What becomes of a record that cannot be encoded, or that the guard refuses. Default: the app's policy. */
  readonly onEncodeError?: Verdict | undefined;
  /** What becomes of a record that the broker refuses for good. Default: the app's policy. */
  readonly onProduceError?: Verdict | undefined;
}

/** With those that choose an overload of `app.to`. */
export const topicSinkOptions: Fields<
  TopicSinkOptions<unknown> & { readonly key?: unknown; readonly keyBy?: unknown }
> = {
  ...sinkOptions,
  key: codecKind,
  keyBy: call,
  value: required(codecKind),
  partition: call,
  headers: either(list(text), call),
  timestamp: call,
  onEncodeError: verdictKind,
  onProduceError: verdictKind,
};

/** How the key is made; resolved from `key` and `keyBy`. Its bytes last until the next key is made, unless they are apart. */
export type KeyOf<K, V> = (record: KafkaRecord<K, V>, apart: boolean) => Buffer | null;

/** Whether some sink has yet to append the bytes that were made for it in memory that the next one uses again. */
let lent = false;

/** What the sink shares with its app. */
export interface TopicSinkParts {
  readonly outputs: Outputs;
  readonly guard: () => Guard;
  readonly produced: Counter;
  /** The topic is the app's own: its records are part of the unit of work of their task. */
  readonly internal?: boolean | undefined;
  /** Bytes at the end of keys that do not count for their partition. Default 0. */
  readonly behindKey?: number | undefined;
  /** For the partitioner. */
  readonly random?: (() => number) | undefined;
}

/** Publishes records to a topic. The lease of each lasts until the broker has acknowledged it. */
export class TopicSink<K, V> extends Sink<K, V> implements TopicWriter {
  readonly #topic: string;
  readonly #keyOf: KeyOf<K, V>;
  readonly #options: TopicSinkOptions<V>;
  /** From the first record on, when it is known what the topology masks; made anew with the guard, should that change. */
  #guard: Guard | undefined;
  #encode: (value: V) => Buffer | null = unset;
  /** The same, of bytes that stay. */
  #encodeApart: (value: V) => Buffer | null = unset;
  readonly #parts: TopicSinkParts;
  readonly #channels: TopicChannels;
  readonly #labels: { readonly topic: string };
  readonly #partitioner: Partitioner;
  readonly #passed: ReadonlySet<string>;

  constructor(
    host: SinkHost,
    place: Place,
    topic: string,
    keyOf: KeyOf<K, V>,
    options: TopicSinkOptions<V>,
    parts: TopicSinkParts,
  ) {
    super(host, place, options);
    this.#topic = topic;
    this.#keyOf = keyOf;
    this.#options = options;
    this.#parts = parts;
    this.#labels = { topic };
    this.#channels = new TopicChannels(topic, parts.outputs, this, parts.internal);
    let available: (() => readonly number[]) | undefined;
    this.#partitioner = createPartitioner(
      () => parts.outputs.partitionCount(topic),
      parts.random,
      () => {
        available ??= parts.outputs.available(topic);
        return available();
      },
    );
    this.#passed = new Set(typeof options.headers === 'function' ? [] : options.headers);
    parts.outputs.declare(topic);
  }

  protected override get writesInUnits(): boolean {
    return true;
  }

  protected take(record: KafkaRecord<K, V>): void {
    if (isWritten(record[deliveriesOf])) {
      releaseAll(record[deliveriesOf]);
      return;
    }
    let key: Buffer | null = null;
    let value: Buffer | null = null;
    let made: Headers = noHeaders;
    let timestamp = 0;
    let making: RecordPart = 'value';
    // A selector of the user's may lead to another sink, or to this one again, while what is lent is still needed.
    const apart = lent;
    lent = true;
    try {
      const guard = this.#parts.guard();
      if (guard !== this.#guard) this.#encodeUnder(guard);
      making = 'key';
      key = this.#keyOf(record, apart);
      making = 'value';
      value = apart ? this.#encodeApart(record.value) : this.#encode(record.value);
      making = 'timestamp';
      timestamp = this.#timestampOf(record);
      making = 'headers';
      made = this.#headersOf(record);
      making = 'value';
      // Before anything looks at them, and as they will be written: a selector or codec may be JavaScript.
      const headers = outgoing(key, value, made, timestamp);
      if (typeof headers === 'string') throw this.#unwritable(headers, record);
      if (guard.guards) this.#checkAll(guard, key, value, headers, timestamp, record);
      making = 'partition';
      const partition = this.#partitionOf(record, key, value);
      making = 'value';
      const deliveries = record[deliveriesOf];
      this.#channels.of(deliveries).append(partition, key, value, headers, timestamp, deliveries);
    } catch (cause) {
      // Of JavaScript, or a codec of somebody else's: what was made before may be promises.
      disregardOutgoing(key, value, made, timestamp);
      disregardWithin(record.value);
      const error = this.#encodeError(cause, record, making);
      this.problemWith(record[deliveriesOf], 'encode', error, this.#options.onEncodeError);
    }
    // No finally: it costs 10 ns, and were this left out the bytes would be made apart, which is safe.
    lent = apart;
  }

  #encodeUnder(guard: Guard): void {
    const { value } = this.#options;
    this.#encode = guard.encoder(value, true);
    // Seldom needed, and generated code.
    let apart: ((value: V) => Buffer | null) | undefined;
    this.#encodeApart = of => {
      apart ??= guard.encoder(value);
      return apart(of);
    };
    this.#guard = guard;
  }

  /** What the encoder has not looked at. */
  #checkAll(
    guard: Guard,
    key: Buffer | null,
    value: Buffer | null,
    headers: Headers,
    timestamp: number,
    record: KafkaRecord<K, V>,
  ): void {
    guard.checkBeside(key, value, headers, timestamp);
    if (!guard.scans) return;
    guard.checkBytes(key, 'key', record, this.name);
    guard.checkBytes(value, 'value', record, this.name);
    if (timestamp >= farFuture) {
      guard.checkBytes(Buffer.from(String(timestamp)), 'timestamp', record, this.name);
    }
    for (const header of headers) {
      guard.checkBytes(Buffer.from(header.key), 'header', record, this.name);
      guard.checkBytes(header.value, 'header', record, this.name);
    }
  }

  #timestampOf(record: KafkaRecord<K, V>): number {
    const { timestamp } = this.#options;
    if (timestamp !== undefined) return timestamp(record);
    return timeOfWriting(record.timestamp, this.host.clock);
  }

  #unwritable(fault: string, record: KafkaRecord): KafkaRxError {
    return new KafkaRxError('ENCODE', `'${this.name}' made a record that Kafka has no place for: ${fault}`, {
      at: record,
      remedy: `Mend the ${makerOfFault(fault)} of app.to, which made it, or set a policy for 'encode'`,
    });
  }

  #partitionOf(record: KafkaRecord<K, V>, key: Buffer | null, value: Buffer | null): number {
    const { partition } = this.#options;
    if (partition !== undefined) return this.#chosenPartition(record, partition);
    const { behindKey = 0 } = this.#parts;
    const counting = key === null || behindKey === 0 ? key : key.subarray(0, -behindKey);
    return this.#partitioner(counting, (key?.length ?? 0) + (value?.length ?? 0));
  }

  #chosenPartition(record: KafkaRecord<K, V>, choose: NonNullable<TopicSinkOptions<V>['partition']>): number {
    const count = this.#parts.outputs.partitionCount(this.#topic);
    const chosen = choose(record, count);
    if (typeof chosen !== 'number') refuseLater(chosen, 'ENCODE', before);
    if (!(Number.isInteger(chosen) && chosen >= 0 && chosen < count)) {
      disregard(chosen);
      throw new KafkaRxError(
        'ENCODE',
        `'${this.name}' chose partition ${typeof chosen === 'number' ? chosen : typeof chosen} of a topic that has ${count}`,
        {
          at: record,
          remedy: 'Mend the partition function of app.to',
        },
      );
    }
    return chosen;
  }

  #headersOf(record: KafkaRecord<K, V>): Headers {
    const { headers } = this.#options;
    if (typeof headers === 'function') {
      const made = headers(record);
      refuseLater(made, 'ENCODE', before);
      return made;
    }
    if (this.#passed.size === 0 || record.headers.length === 0) return noHeaders;
    return record.headers.filter(header => this.#passed.has(header.key));
  }

  #encodeError(cause: unknown, record: KafkaRecord, making: RecordPart): KafkaRxError {
    if (isInstance(cause, UnmaskedField)) return unmasked(cause, record, this.name);
    if (isKafkaRxError(cause)) {
      const isPlaced = making === 'value' || cause.at !== undefined;
      return isPlaced ? located(cause, this.name, record) : ofPart(making, cause, this.name, record);
    }
    const what = `The ${makerOf[making]} of '${this.name}' threw ${errorKind(cause)}`;
    return new KafkaRxError('ENCODE', what, {
      at: record,
      cause,
      remedy: "Mend it, or set a policy for 'encode'",
    });
  }

  acknowledged(count: number): void {
    this.#parts.produced.add(count, this.#labels);
  }

  refused(deliveries: Deliveries, error: KafkaRxError, channel: OutputChannel): void {
    const wasLive = this.host.live;
    const named = new KafkaRxError('PRODUCE', `'${this.name}' could not write: ${error.message}`, {
      at: listOf(deliveries).at(-1),
      cause: error,
      remedy: "Look at the topic and its limits, or set a policy for 'produce'",
    });
    this.problemWith(deliveries, 'produce', named, this.#options.onProduceError);
    // It failed the app: a record behind it must not be written before it, which the final drain would let happen.
    if (wasLive && !this.host.live) void channel.close().catch(() => {});
  }
}

/** Until the first record comes. */
function unset(): never {
  throw new Error('there is no guard yet');
}

const before = 'Put what takes time into a mapAsync before app.to, and have this take what that gave';

/** How `key` and `keyBy` come together. */
export function keyMaker<K, V>(
  codec: Codec<unknown> | undefined,
  keyBy: ((value: V, record: KafkaRecord<K, V>) => unknown) | undefined,
): KeyOf<K, V> {
  const key =
    keyBy === undefined
      ? (record: KafkaRecord<K, V>) => record.key
      : (record: KafkaRecord<K, V>) => keyBy(record.value, record);
  if (codec !== undefined) {
    return record => {
      const plain = key(record);
      refuseLater(plain, 'ENCODE', before);
      return codec.encode(plain);
    };
  }
  return (record, apart) => {
    const plain: unknown = key(record);
    if (typeof plain === 'string') return apart ? Buffer.from(plain) : keyBytes(plain);
    if (plain === null || Buffer.isBuffer(plain)) return plain;
    refuseLater(plain, 'ENCODE', before);
    disregard(plain);
    // Without coordinates: the sink puts them there, with its name.
    throw new KafkaRxError('ENCODE', `The key is neither a string, bytes nor null but ${typeof plain}`, {
      remedy:
        keyBy === undefined
          ? 'Give app.to a key codec, or have mapKey or withKey give the record text, bytes or null as its key'
          : 'Give app.to a key codec, or have keyBy return text, bytes or null',
    });
  };
}
