import { Buffer } from 'node:buffer';
import { checkStartFrom } from '../../base/check-start-from.js';
import { type Clock, systemClock } from '../../base/clock.js';
import { disregard } from '../../base/disregard.js';
import { identityKind } from '../../base/name-kinds.js';
import { anything, call, clock as clockKind, list, required, shape, whole } from '../../base/option-kinds.js';
import {
  checkArgument,
  checkOptions,
  type FieldKinds,
  type Fields,
  shown,
} from '../../base/option-schema.js';
import { checkTopicName } from '../../base/topic-name.js';
import { trueCopy } from '../../base/true-bytes.js';
import { KafkaRxError } from '../../errors/errors.js';
import { type Headers, noHeaders } from '../../record/headers.js';
import { contentKind, headersKind, partitionKind } from '../../record/record-kinds.js';
import type { StartFrom, TopicPartition } from '../port.js';
import { BrokerFaults } from './broker-faults.js';
import { Cluster } from './cluster.js';
import { LogRecord } from './log-record.js';
import type { PartitionLog } from './partition-log.js';
import { Transaction } from './transaction.js';

/** @category Drivers @since 0.1.0 */
export interface MemoryBrokerOptions {
  /** What the broker and all of its clients run on. Default: the machine's clock. */
  readonly clock?: Clock | undefined;
  /**
   * Where `publish` puts a record that names no partition. Default: by a hash of the key that is *not* Kafka's, and in
   * turn where the key is null. The library's own sinks compute partitions themselves.
   */
  readonly partitioner?: ((key: Buffer | null, partitions: number) => number) | undefined;
  /** Makes the ids of cluster and topics, each another one. Default: random UUIDs. */
  readonly newId?: (() => string) | undefined;
}

export const brokerOptions: Fields<MemoryBrokerOptions> = {
  clock: clockKind,
  partitioner: call,
  newId: call,
};

const partitionsKind = required(whole(1));

/** A record to publish; strings stand for their UTF-8 bytes. @category Drivers @since 0.1.0 */
export interface PublishRecord {
  /** Default null. */
  readonly key?: Buffer | string | null | undefined;
  /** Null is a tombstone. */
  readonly value: Buffer | string | null;
  readonly headers?: Headers | undefined;
  /** Whole milliseconds since 1970; -1: none, as an old producer writes. Default: the clock's time. */
  readonly timestamp?: number | undefined;
  readonly partition?: number | undefined;
}

/** What `records` gives can be published again, offsets and all. */
const recordFields: Fields<PublishRecord> & FieldKinds = {
  key: contentKind,
  value: required(contentKind),
  headers: headersKind,
  // -1 is what Kafka keeps of a producer that set none.
  timestamp: whole(-1),
  partition: whole(0),
  offset: anything,
};
const recordsKind = required(list(shape(recordFields)));
const groupKind = required(identityKind);
const offsetKind = required(whole(0));

/** @category Drivers @since 0.1.0 */
export interface PublishedRecord {
  readonly partition: number;
  readonly offset: number;
}

/** A record as it lies in a topic. @category Drivers @since 0.1.0 */
export interface StoredRecord extends PublishedRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
  readonly timestamp: number;
}

/** Records that become visible to readers of committed records together, or never. @category Drivers @since 0.1.0 */
export interface BrokerTransaction {
  publish(topic: string, records: readonly PublishRecord[]): PublishedRecord[];
  commit(): void;
  abort(): void;
}

/** A member of a group, as the broker knows it. @category Drivers @since 0.1.0 */
export interface BrokerMember {
  readonly memberId: string;
  readonly topics: readonly string[];
  /** What it has, or had until the rebalance that is under way. */
  readonly assigned: readonly TopicPartition[];
}

/**
 * A Kafka cluster inside the process: it shows what a cluster shows, as far as a client can tell, and forgets
 * everything with the process. Its id is new each time. Methods that name a topic throw `MISSING_TOPIC`.
 *
 * @example
 * const broker = new MemoryBroker();
 * broker.createTopic('purchases', 4);
 * broker.publish('purchases', [{ key: 'c1', value: '{}' }]);
 * const driver = memory({ broker });
 *
 * @category Drivers @since 0.1.0
 */
export class MemoryBroker {
  /** What goes wrong, by request. */
  readonly faults: BrokerFaults;
  /** For `memory()`. @internal */
  readonly cluster: Cluster;
  readonly #partitioner: (key: Buffer | null, partitions: number) => number;

  constructor(options: MemoryBrokerOptions = {}) {
    checkOptions('MemoryBroker', brokerOptions, options);
    const { clock = systemClock, partitioner = anyPartitioner(), newId } = options;
    this.cluster = new Cluster(clock, newId);
    this.faults = new BrokerFaults(this.cluster);
    this.#partitioner = partitioner;
  }

  get clusterId(): string {
    return this.cluster.id;
  }

  /** Creates a topic; one that exists is left as it is. */
  createTopic(name: string, partitions: number): void {
    checkTopicName(name);
    checkArgument('createTopic', 'partitions', partitionsKind, partitions);
    if (this.cluster.partitionCount(name) === 0) this.cluster.ensureTopic(name, partitions);
  }

  /** What a topic was created with by a driver's `createTopics`: kept as it is, and nothing follows from it. */
  configs(topic: string): Readonly<Record<string, string>> {
    checkTopicName(topic);
    return this.cluster.configs(topic);
  }

  /** Adds partitions until there are `total`; subscribers rebalance. */
  addPartitions(topic: string, total: number): void {
    checkTopicName(topic);
    checkArgument('addPartitions', 'total', partitionsKind, total);
    this.cluster.logs(topic);
    this.cluster.ensureTopic(topic, total);
  }

  /** Deletes a topic and what groups committed of it. Created anew, it has another id. */
  deleteTopic(name: string): void {
    checkTopicName(name);
    this.cluster.deleteTopic(name);
  }

  /** Appends records at once; consumers get them in a deferred turn. */
  publish(topic: string, records: readonly PublishRecord[]): PublishedRecord[] {
    return this.#publish(topic, records, undefined);
  }

  /** Opens a transaction: until its end nothing behind its first record is visible to readers of committed records. */
  transaction(): BrokerTransaction {
    const transaction = new Transaction();
    return {
      publish: (topic, records) => this.#publish(topic, records, transaction),
      commit: () => this.cluster.endTransaction(transaction, 'committed'),
      abort: () => this.cluster.endTransaction(transaction, 'aborted'),
    };
  }

  /** All that a reader of committed records sees, by partition and offset. */
  records(topic: string): StoredRecord[] {
    checkTopicName(topic);
    return this.cluster.logs(topic).flatMap((log, partition) =>
      [...log.visible()].map(({ offset, key, value, headers, timestamp }) => ({
        partition,
        offset,
        key,
        value,
        headers,
        timestamp,
      })),
    );
  }

  /** Per partition: the offset of the next record. */
  endOffsets(topic: string): number[] {
    return this.offsets(topic, 'latest');
  }

  /** Per partition: the first offset kept, the end, or the first at a time. */
  offsets(topic: string, at: StartFrom): number[] {
    checkTopicName(topic);
    checkStartFrom('offsets: at', at);
    return this.cluster.logs(topic).map(log => log.offsetAt(at));
  }

  /** Per partition: what the group has committed, -1 for nothing. */
  committed(groupId: string, topic: string): number[] {
    checkArgument('committed', 'groupId', groupKind, groupId);
    checkTopicName(topic);
    const group = this.cluster.group(groupId);
    return this.cluster.logs(topic).map((_, partition) => group.committed({ topic, partition }).offset);
  }

  /** Sets a group's offset, as Kafka's tool for resets does. */
  setCommitted(groupId: string, at: TopicPartition, offset: number): void {
    checkArgument('setCommitted', 'groupId', groupKind, groupId);
    checkArgument('setCommitted', 'at', partitionKind, at);
    checkArgument('setCommitted', 'offset', offsetKind, offset);
    this.cluster.group(groupId).setCommitted(at, offset);
  }

  /** Takes what a group has committed, as the retention of offsets does for a group without members. */
  expireOffsets(groupId: string): void {
    checkArgument('expireOffsets', 'groupId', groupKind, groupId);
    this.cluster.group(groupId).expire();
  }

  members(groupId: string): BrokerMember[] {
    checkArgument('members', 'groupId', groupKind, groupId);
    return this.cluster.group(groupId).members.map(({ member, owned }) => ({
      memberId: member.memberId,
      topics: member.topics,
      assigned: owned,
    }));
  }

  /** Removes records `from` to `to` (exclusive), as compaction does: a gap in the offsets stays. */
  punchGap(at: TopicPartition, from: number, to: number): void {
    checkArgument('punchGap', 'at', partitionKind, at);
    checkArgument('punchGap', 'from', offsetKind, from);
    checkArgument('punchGap', 'to', offsetKind, to);
    this.cluster.log(at).removeRange(from, to);
  }

  /** Removes all below `offset`, as retention and `kafka-delete-records` do: the partition begins there. */
  deleteRecords(at: TopicPartition, offset: number): void {
    checkArgument('deleteRecords', 'at', partitionKind, at);
    checkArgument('deleteRecords', 'offset', offsetKind, offset);
    this.cluster.log(at).removeBefore(offset);
  }

  /**
   * Removes all from `offset` on, as a broker does that was put back from an older copy, or elected without what others had: the records
   * published next have these offsets, and readers are to notice.
   */
  truncate(at: TopicPartition, offset: number): void {
    checkArgument('truncate', 'at', partitionKind, at);
    checkArgument('truncate', 'offset', offsetKind, offset);
    this.cluster.log(at).truncate(offset);
  }

  #placeOf(key: Buffer | null, partitions: number): number {
    const chosen = this.#partitioner(key, partitions);
    if (Number.isInteger(chosen) && chosen >= 0 && chosen < partitions) return chosen;
    disregard(chosen);
    throw new KafkaRxError(
      'CONFIGURATION',
      `The partitioner gave ${shown(chosen)} of ${partitions} partitions`,
      {
        remedy: 'Have it give whole numbers from 0 up to the number of partitions, exclusive, at once',
      },
    );
  }

  #publish(
    topic: string,
    records: readonly PublishRecord[],
    transaction: Transaction | undefined,
  ): PublishedRecord[] {
    checkTopicName(topic);
    checkArgument('publish', 'the records', recordsKind, records);
    const logs = this.cluster.logs(topic);
    const parts = new Map<PartitionLog, LogRecord[]>();
    const placed = records.map(({ key = null, value, headers = noHeaders, timestamp, partition }) => {
      const keyBytes = bytes(key);
      const record = new LogRecord(keyBytes, bytes(value), headers, timestamp ?? this.cluster.clock.now());
      const at = partition ?? this.#placeOf(keyBytes, logs.length);
      const log = this.cluster.log({ topic, partition: at });
      const part = parts.get(log);
      if (part === undefined) parts.set(log, [record]);
      else part.push(record);
      return { partition: at, record };
    });
    for (const [log, part] of parts) {
      if (transaction === undefined) log.append(part);
      else transaction.append(log, part);
    }
    return placed.map(({ partition, record }) => ({ partition, offset: record.offset }));
  }
}

function bytes(data: Uint8Array | string | null): Buffer | null {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  // JavaScript's callers may hand in bytes that are no Buffer, which no codec would take for bytes.
  return data === null || Buffer.isBuffer(data) ? data : trueCopy(data);
}

function anyPartitioner(): (key: Buffer | null, partitions: number) => number {
  let turn = 0;
  return (key, partitions) => {
    if (key === null) return turn++ % partitions;
    let hash = 0;
    for (const byte of key) hash = (Math.imul(hash, 31) + byte) >>> 0;
    return hash % partitions;
  };
}
