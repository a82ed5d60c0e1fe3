import type { Clock } from '../../lib/base/clock.js';
import type { Driver, TopicPartition } from '../../lib/drivers/port.js';
import type { Headers } from '../../lib/record/headers.js';

/** A record written or read behind the driver's back; always with its partition. */
export interface RawRecord {
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Headers;
  readonly timestamp?: number;
}

export interface ReadRecord extends Required<RawRecord> {
  readonly offset: number;
}

/**
 * What a driver says that it cannot hold, each with its reason. A test of it is listed as skipped, the reason in its
 * name; docs/drivers.md says what it means to an app.
 */
export interface ContractLimits {
  /** Hands out more while what it handed out is not committed; without it the consumers that read on commit. */
  readonly readsAhead?: string;
  /** Waits for `revoking` also where everything that it handed out is committed. */
  readonly idleDrain?: string;
  /** Withholds records while its membership is not sure. */
  readonly sureMembership?: string;
  /** Tells a topic that was made anew from the one before. */
  readonly topicIds?: string;
  /** Reads the other topics on while one is gone. */
  readonly vanishingTopics?: string;
  /** Says where it goes on when all that is left of a partition has expired. */
  readonly expiredTails?: string;
  /** Writes headers whose value is null. */
  readonly nullHeaders?: string;
  /** Makes outputs and offsets durable together. */
  readonly unitsOfWork?: string;
  /** Notices that a log was truncated below what was read of it, also where it has grown since. */
  readonly truncations?: string;
  /** Tells that a partition stands still behind the open transaction of another producer. */
  readonly standstills?: string;
  /** Tells that there is nothing more to read of a partition. */
  readonly caughtUp?: string;
  /** Reads outside of groups, and tells where readers of committed records are at the end. */
  readonly readers?: string;
  /** Waits for offsets of a transaction that is not decided. */
  readonly stableOffsets?: string;
}

/** Ends a transaction. */
export type OpenTransaction = (outcome: 'commit' | 'abort') => Promise<void>;

/**
 * What the driver contract needs of a cluster. The object is there before the cluster is, so that jest can list as
 * skipped the tests of a capability that it lacks (the optional methods).
 */
export interface ContractSetup {
  /** Before all tests: starts the cluster, connects the suite's own client. */
  open?(): Promise<void>;
  /** Another client of the same cluster, configured and not connected. Called several times. */
  driver(): Driver;
  /** Default: none. */
  readonly limits?: ContractLimits;
  /** The machine's clock, on both sides of the contract: it is about what happens, not when. */
  readonly clock: Clock;
  /** How long to wait for what must happen, ms. A memory broker needs none, a cluster several seconds. */
  readonly budgetMs: number;
  /** How long nothing must happen before that counts as "never", ms. */
  readonly quietMs: number;
  /** As the cluster permits them. */
  readonly sessionTimeoutMs: number;
  /** The bound of a drain; one test lets a drain run into it. */
  readonly rebalanceTimeoutMs: number;
  /** Of a unit of work that is to run into it; the cluster may take some seconds longer. */
  readonly transactionTimeoutMs: number;
  /** Writes without the driver under test. */
  publish(topic: string, records: readonly RawRecord[]): Promise<void>;
  /** Reads without the driver under test: all records visible to read_committed, by partition and offset. */
  read(topic: string): Promise<readonly ReadRecord[]>;
  /** Writes these records in one transaction and ends it so. */
  transaction?(topic: string, records: readonly RawRecord[], outcome: 'commit' | 'abort'): Promise<void>;
  /** Writes these records in a transaction that stays open until it is ended so. */
  openTransaction?(topic: string, records: readonly RawRecord[]): Promise<OpenTransaction>;
  /** Has a transaction of somebody else hold this offset of the group, which may have members, until it is ended so. */
  undecidedOffset?(groupId: string, at: TopicPartition, offset: number): Promise<OpenTransaction>;
  /** Removes records `from` to `to` (exclusive) and leaves a gap in the offsets. */
  punchGap?(topic: string, partition: number, from: number, to: number): Promise<void>;
  /** Removes all below `offset`. */
  deleteRecords?(topic: string, partition: number, offset: number): Promise<void>;
  /** Copies the log of a partition; what it returns puts the copy back in its place. No broker answers meanwhile. */
  copyLog?(topic: string, partition: number): Promise<() => Promise<void>>;
  /** What the topic was created with under this name. */
  topicConfig?(topic: string, name: string): Promise<string | undefined>;
  addPartitions?(topic: string, total: number): Promise<void>;
  deleteTopic?(topic: string): Promise<void>;
  /** Takes the offsets of a group without members, as their retention does. */
  forgetGroup?(groupId: string): Promise<void>;
  /** Has no broker answer until `endOutage`. */
  outage?(): void;
  endOutage?(): void;
  /** After all tests; connections of the suite are closed by then. */
  close?(): Promise<void>;
}
