import { type Deliveries, deliveriesOf, noDeliveries } from '../flow/leases/delivery.js';
import { showOnly } from './coordinates-only.js';
import { deepFreeze, frozen } from './deep-freeze.js';
import { givenHeaders } from './given-headers.js';
import type { Header, Headers } from './headers.js';
import { refuseLater } from './refuse-later.js';

/** Shared by all copies of the library in a process. */
export const formerKey: unique symbol = Symbol.for('kafka-rx.former-key') as never;

/**
 * One record on its way through a topology: immutable, since all branches share the one object.
 *
 * What an operator makes of it (`withValue`, `withKey`, `withHeaders`) keeps the coordinates of the source record
 * and its delivery, so that the source offset is committed only when everything made of it is durable. Where
 * `NODE_ENV` is not `production`, records and their decoded values are frozen, and an operator that writes into a
 * shared value fails at that line.
 *
 * Printed, by `console.log`, `JSON.stringify` or as text, a record says its coordinates and nothing that it holds; as a value, or within
 * one, the `json` codec refuses it: its `value` is what is to be written.
 *
 * @category Records @since 0.1.0
 */
export interface KafkaRecord<K = unknown, V = unknown> extends RecordMethods<K, V> {
  readonly key: K;
  readonly value: V;
  readonly headers: Headers;
  /** Milliseconds since 1970, from the source record; -1 where no producer has set one: sinks write the time of writing for it. */
  readonly timestamp: number;
  /** Where the source record came from. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /**
   * Position among the records made of one source record: `''` when one was made of one, `.0`, `.1`, … below a
   * one-to-many operator. With the coordinates it names what a replay makes again.
   */
  readonly ordinal: string;
  /** @internal what keeps the source offset from being committed */
  readonly [deliveriesOf]: Deliveries;
  /** @internal the key that it came with, where it has another now, which may lie in another partition; else undefined */
  readonly [formerKey]?: { readonly key: unknown } | undefined;
}

/**
 * What a record does. Declared as a class, of which there is none, since TypeScript leaves a class's methods out of `{ ...record }`, as
 * JavaScript does: what that gives is no record, and does not compile as one.
 */
declare abstract class RecordMethods<K, V> {
  /** The value of the last header of that key; undefined when there is none. */
  header(key: string): Buffer | null | undefined;
  /** Throws `PROCESS` for a promise, an Observable or an async iterable, as `withKey` does: nobody would wait for it. */
  withValue<U>(value: U): KafkaRecord<K, U>;
  withKey<L>(key: L): KafkaRecord<L, V>;
  /** Throws `PROCESS` for what is no array of `{ key, value }`, the key text and the value bytes or null. What is changed in it later on changes no record. */
  withHeaders(headers: readonly Header[]): KafkaRecord<K, V>;
}

/**
 * The one class behind `KafkaRecord`: nine fields, always in this order, so that all records share one shape. They are
 * declared only: a field proper is defined as undefined first and written a second time.
 */
class ImmutableRecord<K, V> implements KafkaRecord<K, V> {
  declare readonly key: K;
  declare readonly value: V;
  declare readonly headers: Headers;
  declare readonly timestamp: number;
  declare readonly topic: string;
  declare readonly partition: number;
  declare readonly offset: number;
  declare readonly ordinal: string;
  declare readonly [deliveriesOf]: Deliveries;

  constructor(
    key: K,
    value: V,
    headers: Headers,
    timestamp: number,
    topic: string,
    partition: number,
    offset: number,
    ordinal: string,
    deliveries: Deliveries,
  ) {
    this.key = key;
    this.value = value;
    this.headers = headers;
    this.timestamp = timestamp;
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.ordinal = ordinal;
    this[deliveriesOf] = deliveries;
    if (frozen) Object.freeze(this);
  }

  get [formerKey](): { readonly key: unknown } | undefined {
    return undefined;
  }

  header(key: string): Buffer | null | undefined {
    return this.headers.findLast(header => header.key === key)?.value;
  }

  withValue<U>(value: U): KafkaRecord<K, U> {
    refuseLater(value);
    return this.copy(this.key, frozen ? deepFreeze(value) : value, this.headers);
  }

  withKey<L>(key: L): KafkaRecord<L, V> {
    refuseLater(key);
    // It may be computed and the same.
    return key === (this.key as unknown) ? this.copy(key, this.value, this.headers) : this.rekeyed(key);
  }

  withHeaders(headers: readonly Header[]): KafkaRecord<K, V> {
    return this.copy(this.key, this.value, givenHeaders(headers));
  }

  protected rekeyed<L>(key: L): KafkaRecord<L, V> {
    return new RekeyedRecord(this, key, this.value, { key: this.key });
  }

  protected copy<L, U>(key: L, value: U, headers: Headers): KafkaRecord<L, U> {
    return new ImmutableRecord(
      key,
      value,
      headers,
      this.timestamp,
      this.topic,
      this.partition,
      this.offset,
      this.ordinal,
      this[deliveriesOf],
    );
  }
}

/** One that has another key than it came with: a class of its own, so that the others have no field for it. */
class RekeyedRecord<K, V> extends ImmutableRecord<K, V> {
  readonly #former: { readonly key: unknown };

  constructor(
    from: KafkaRecord,
    key: K,
    value: V,
    former: { readonly key: unknown },
    headers: Headers = from.headers,
    ordinal: string = from.ordinal,
    deliveries: Deliveries = from[deliveriesOf],
  ) {
    const { timestamp, topic, partition, offset } = from;
    super(key, value, headers, timestamp, topic, partition, offset, ordinal, deliveries);
    this.#former = former;
  }

  override get [formerKey](): { readonly key: unknown } {
    return this.#former;
  }

  protected override rekeyed<L>(key: L): KafkaRecord<L, V> {
    return new RekeyedRecord(this, key, this.value, this.#former);
  }

  protected override copy<L, U>(key: L, value: U, headers: Headers): KafkaRecord<L, U> {
    return new RekeyedRecord(this, key, value, this.#former, headers);
  }
}

showOnly(ImmutableRecord, 'KafkaRecord', ({ topic, partition, offset, ordinal }) => ({
  topic,
  partition,
  offset,
  ...(ordinal === '' ? {} : { ordinal }),
}));

/** What a record is made of. */
export interface RecordParts<K, V> {
  readonly key: K;
  readonly value: V;
  readonly headers: Headers;
  readonly timestamp: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Makes a record of a source record; `deliveries` is what keeps its offset. */
export function sourceRecord<K, V>(
  parts: RecordParts<K, V>,
  deliveries: Deliveries = noDeliveries,
): KafkaRecord<K, V> {
  const { key, value, headers, timestamp, topic, partition, offset } = parts;
  if (frozen) deepFreeze(value);
  return new ImmutableRecord(key, value, headers, timestamp, topic, partition, offset, '', deliveries);
}

/** The hot path of `sourceRecord`: positional, without an object between. */
export function dispatchedRecord<K, V>(
  key: K,
  value: V,
  headers: Headers,
  timestamp: number,
  topic: string,
  partition: number,
  offset: number,
  deliveries: Deliveries,
): KafkaRecord<K, V> {
  if (frozen) deepFreeze(value);
  return new ImmutableRecord(key, value, headers, timestamp, topic, partition, offset, '', deliveries);
}

/** The record that was made as number `index` of several out of `from`. */
export function oneOfMany<K, V>(from: KafkaRecord<K, unknown>, value: V, index: number): KafkaRecord<K, V> {
  refuseLater(value);
  if (frozen) deepFreeze(value);
  const ordinal = `${from.ordinal}.${index}`;
  const former = from[formerKey];
  if (former !== undefined) return new RekeyedRecord(from, from.key, value, former, from.headers, ordinal);
  return new ImmutableRecord(
    from.key,
    value,
    from.headers,
    from.timestamp,
    from.topic,
    from.partition,
    from.offset,
    ordinal,
    from[deliveriesOf],
  );
}

/**
 * What an operator with state made of a record, or in its turn: of others, windows that time has closed, say.
 *
 * @param timestamp milliseconds since 1970
 * @param index counted from 0 among those that came of the record
 */
export function resultOf<K, V>(
  from: KafkaRecord,
  key: K,
  value: V,
  timestamp: number,
  index: number,
): KafkaRecord<K, V> {
  if (frozen) deepFreeze(value);
  return new ImmutableRecord(
    key,
    value,
    from.headers,
    timestamp,
    from.topic,
    from.partition,
    from.offset,
    index === 0 ? from.ordinal : `${from.ordinal}.${index}`,
    from[deliveriesOf],
  );
}

/** What results are made of in a turn of a task that came of no record: it has coordinates and a delivery, and nothing else. */
export function recordOfTurn(
  at: { readonly topic: string; readonly partition: number; readonly offset: number },
  ordinal: string,
  timestamp: number,
  deliveries: Deliveries,
): KafkaRecord<null, null> {
  return new ImmutableRecord(
    null,
    null,
    [],
    timestamp,
    at.topic,
    at.partition,
    at.offset,
    ordinal,
    deliveries,
  );
}

/** A record made of several: coordinates, key and headers of the last, the deliveries of all. */
export function madeOf<K, V>(records: readonly KafkaRecord<K, unknown>[], value: V): KafkaRecord<K, V> {
  const last = records[records.length - 1];
  if (last === undefined) throw new RangeError('a record is made of at least one record');
  refuseLater(value);
  if (frozen) deepFreeze(value);
  const deliveries = records.flatMap(record => record[deliveriesOf]);
  const former = last[formerKey];
  if (former !== undefined) {
    return new RekeyedRecord(last, last.key, value, former, last.headers, last.ordinal, deliveries);
  }
  return new ImmutableRecord(
    last.key,
    value,
    last.headers,
    last.timestamp,
    last.topic,
    last.partition,
    last.offset,
    last.ordinal,
    deliveries,
  );
}

/** The same record under another delivery. */
export function deliveredAs<K, V>(record: KafkaRecord<K, V>, deliveries: Deliveries): KafkaRecord<K, V> {
  const { key, value, headers, timestamp, topic, partition, offset, ordinal } = record;
  const former = record[formerKey];
  if (former !== undefined) {
    return new RekeyedRecord(record, key, value, former, headers, ordinal, deliveries);
  }
  return new ImmutableRecord(key, value, headers, timestamp, topic, partition, offset, ordinal, deliveries);
}
