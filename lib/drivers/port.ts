/**
 * The driver port: all that kafka-rx asks of a Kafka client.
 *
 * The port works in batches and callbacks, so that no promise, closure or array is made for a record: a fetched
 * batch hands out its records one by one on request, a send appends synchronously and is acknowledged by count.
 * Nothing outside `lib/drivers` imports a client; a driver imports nothing above this file but errors, headers,
 * clock and logger. Offsets are numbers here, checked to be safe integers at the client's edge.
 *
 * Rules that every driver keeps, and that `spec/contract` holds it to:
 * - No listener is called inside a call into the port (no feedback loop within one stack).
 * - `assigned` comes before the first batch of an epoch; a batch carries the epoch that it was fetched in; after
 *   `revoking` was called for a partition no batch of that epoch follows.
 * - A partition's epoch grows with each assignment, each seek and each rewind, for every partition of the member, kept or not.
 * - An epoch is one of one topic: its batches, and what it commits, are of the topic whose id `resumeAt` was told, also where the
 *   name is another topic's by then. That is another epoch, whose beginning is asked for anew.
 * - A commit is sent only for a partition that is assigned in that epoch; anything else is refused, not sent.
 * - `startFrom` is for new groups. A partition that is new to a group with offsets, or to a running member, begins at its first
 *   record, whatever `startFrom` says. A topic made anew under an old name is new, and an offset of the old one is none of it.
 * - Where `startFrom` is not `earliest`, a partition without a committed offset begins with a batch without records, whose
 *   `nextOffset` is where that is: committed as any other, it holds the group's place until a record comes.
 * - What is committed is looked up once it is decided: offsets of a transaction that has not ended yet are waited for, partition by
 *   partition, and told as `retrying`.
 * - A position that the topic does not have is announced and moved to the first record, unless the driver is told otherwise.
 * - A log that was truncated below what was read or committed is not read on as if nothing had happened, also where it has grown since:
 *   that is announced, and read from the first offset on that may differ, in another epoch or before the first batch.
 * - A commit for what does not exist any more is dropped and told by `commit-dropped`; what else it carries is stored.
 * - No batch is handed out once `confirmedUntil` has passed, until `confirmed`, `lost` or `assigned` is called: after an
 *   outage longer than the session another member may have the partitions already.
 */
import type { Clock } from '../base/clock.js';
import type { KafkaRxError } from '../errors/errors.js';
import type { Logger } from '../logging/logger.js';
import type { Headers } from '../record/headers.js';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A partition as long as this member has it: its epoch ends with the next assignment, seek or loss. */
export interface AssignedPartition extends TopicPartition {
  readonly epoch: number;
}

/** An offset below which everything is settled; what `commit` sends to Kafka. */
export interface OffsetCommit extends AssignedPartition {
  readonly offset: number;
  /** Kept by Kafka beside the offset and handed back to {@link ConsumerOptions.resumeAt}; 4,096 bytes at most. */
  readonly metadata?: string | undefined;
}

/** A partition just assigned, and what its group has committed of it. */
export interface CommittedPartition extends AssignedPartition {
  /** Of the topic whose log this epoch reads, as {@link TopicDescription.id}; its batches have the same. */
  readonly topicId: string;
  /** Undefined where the group has committed nothing. */
  readonly offset: number | undefined;
  /** What the commit carried; `''` where it carried nothing. */
  readonly metadata: string;
  /**
   * The brokers lost what the group had read from here on, and have other records there, or will have: `offset` is not above it, and
   * nothing that is kept of the records above it is true. Undefined where nothing is known to be lost.
   */
  readonly truncatedAt?: number | undefined;
}

/** An offset of a partition, whoever has it. */
export interface PartitionOffset extends TopicPartition {
  readonly offset: number;
}

/** Where a group begins that has committed nothing. `timestamp`: the first record at or after it, in ms; else the end. */
export type StartFrom = 'earliest' | 'latest' | { readonly timestamp: number };

/** A topic of the cluster. */
export interface TopicDescription {
  readonly name: string;
  /** Differs for a topic that was deleted and created anew under the same name. */
  readonly id: string;
  readonly partitions: number;
  /** Kafka's own topics, such as `__consumer_offsets`. */
  readonly internal: boolean;
}

/** What a driver tells of its connection; none of these ends the app by itself. */
export type DriverEvent =
  | { readonly type: 'connected' }
  | { readonly type: 'disconnected'; readonly error: KafkaRxError | undefined }
  | {
      readonly type: 'retrying';
      /** What, and where: `fetch of orders-3`. */
      readonly what: string;
      readonly attempt: number;
      readonly delayMs: number;
      /** Why the try before failed: an error of Kafka's by its name, a message of ours; never anything out of a record. */
      readonly reason?: string | undefined;
    }
  /** What was told as `retrying` has succeeded. Of what has no such moment nothing is told: then the next try is what is missing. */
  | { readonly type: 'retried'; readonly what: string }
  | {
      readonly type: 'offset-reset';
      readonly topic: string;
      readonly partition: number;
      readonly from: number;
      readonly to: number;
      /**
       * The brokers lost records, or were put back from a copy: from `to` on the log is not the one that was read, and may have grown
       * beyond `from` since. Absent: the topic does not have `from`.
       */
      readonly truncated?: true | undefined;
    }
  /** A topic of the subscription, or some of its partitions, do not exist any more: nothing is read there. Told once, until `topic-back`. */
  | { readonly type: 'topic-gone'; readonly topic: string }
  /** It is there again, or not subscribed to any more. */
  | { readonly type: 'topic-back'; readonly topic: string }
  /** A commit was not stored, and never will be: the partition, or the topic that the offset is of, does not exist any more. */
  | {
      readonly type: 'commit-dropped';
      readonly topic: string;
      readonly partition: number;
      readonly offset: number;
    };

export interface DriverContext {
  readonly clientId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly event: (event: DriverEvent) => void;
}

/** A Kafka client, configured but not connected: what `createApp({ driver })` takes. @category Drivers @since 0.1.0 */
export interface Driver {
  readonly name: string;
  /** The clock that the driver runs on; the app uses it too unless it is given one. */
  readonly clock?: Clock | undefined;
  /** Connects. Rejects with `UNREACHABLE`, naming the addresses, when no broker answers. */
  connect(context: DriverContext): Promise<DriverConnection>;
}

export interface DriverConnection {
  /** Kafka's id of the cluster; an embedded broker's is new with each start. */
  readonly clusterId: string;
  /** All topics, or those named that exist. */
  topics(names?: readonly string[]): Promise<readonly TopicDescription[]>;
  consumer(options: ConsumerOptions, listener: ConsumerListener): DriverConsumer;
  producer(options: ProducerOptions): DriverProducer;
  readonly admin: DriverAdmin;
  /**
   * Opens a task's unit of work and fences its former owner: what that one left open is aborted, and a commit that he had asked for is
   * waited for. So what the group has committed is to be read afterwards. Undefined where the client has no transactions.
   *
   * @param taskId any text; two ids are two units, also in two groups whose names begin alike. A task may take two in turn, so that the next
   *   unit begins while the one before is committed: once that one is flushed, or its records may come behind the next one's
   */
  readonly unitOfWork?:
    | ((taskId: string, groupId: string, options: UnitOptions) => Promise<UnitOfWork>)
    | undefined;
  /**
   * Reads one partition outside of every group. Undefined where the client cannot. Of a connection that is closed: one that is closed, too.
   */
  readonly reader?: ((options: ReaderOptions) => PartitionReader) | undefined;
  /** Closes consumers, producers, readers and connections; settles within a bound, idempotent. */
  close(): Promise<void>;
}

/** What is read outside of a group, and from where. */
export interface ReaderOptions extends TopicPartition {
  /** The first offset wanted; from the end on as well. */
  readonly from: number;
  /** Of the topic that `from` is an offset of, as {@link TopicDescription.id}. Default: whichever topic has the name at the first answer. */
  readonly topicId?: string | undefined;
  /** Bytes of one answer, as they come; more where the first batch of records alone is larger. */
  readonly maxBytes: number;
  readonly readCommitted: boolean;
}

/**
 * A reader of one partition, without a group, commits or an epoch. In memory it has what it handed out last, as long as that is kept, and one
 * answer more at most, which is asked for beforehand. It follows leaders and mends connections by itself, told as `retrying` and `retried`.
 */
export interface PartitionReader {
  /**
   * What comes next, in order of offsets. One call at a time: another meanwhile rejects with `DRIVER`.
   *
   * Undefined: nothing is there at the position now. It is not below the last stable offset (where all records are read: the end) of the
   * answer that says so; or it is, and that answer, to a question about this partition alone, brought nothing, as where the records at
   * the end were compacted away. The next call waits for more, for half a second or so; then it is undefined again.
   *
   * Rejects, and the position stays:
   * - `MISSING_TOPIC`, where the topic or the partition does not exist.
   * - `OFFSET_GONE`, where the log cannot be read on from the position: it begins above, it ends below, it was truncated below, or the topic
   *   is another by now. For good; where to go on is the caller's to say, by another reader.
   * - with a `retriable` error, where no broker answered for a while: the next call asks again.
   * - `CLOSED`, also of a call that is under way while it is closed.
   */
  next(): Promise<ReadBatch | undefined>;
  /** After which no promise of it stays pending. Idempotent. */
  close(): Promise<void>;
}

/** A topic to be made. */
export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  /** As the brokers name them, such as `cleanup.policy`. Default: the brokers' own. */
  readonly configs?: Readonly<Record<string, string>> | undefined;
}

/** What a group has committed of a partition; -1: nothing. */
export interface CommittedText {
  readonly offset: number;
  readonly metadata: string;
}

export interface OffsetsOptions {
  /**
   * As readers of committed records see it: the end is the last stable offset, below the first record of a transaction that is open. Rejects
   * with `CONFIGURATION` where the client cannot tell. Default false.
   */
  readonly readCommitted?: boolean | undefined;
}

export interface DriverAdmin {
  /**
   * Creates the topics that do not exist yet; an existing one is left as it is. Resolves when they can be used. Rejects with
   * `CONFIGURATION` for what the brokers do not take.
   */
  createTopics(topics: readonly NewTopic[]): Promise<void>;
  /**
   * Deletes topics, with all that groups have committed of them. Those that do not exist are passed over. Resolves when no broker that is
   * asked knows them any more; rejects with a `retriable` error where that takes longer than 15 s.
   */
  deleteTopics(names: readonly string[]): Promise<void>;
  /**
   * Deletes all records below these offsets, which from then on are the first ones; where the log begins above it already, nothing.
   * Rejects with `MISSING_TOPIC` naming a partition that there is not, with `CONFIGURATION` for an offset that is none or is above the end.
   * Of several partitions those before the one that was refused may be done.
   */
  deleteRecords(offsets: readonly PartitionOffset[]): Promise<void>;
  /** Per partition, in partition order: the offset of the first record kept, the end, or the first at a time. */
  offsets(topic: string, at: StartFrom, options?: OffsetsOptions): Promise<readonly number[]>;
  /** A group's committed offsets in partition order; -1 where it has none. */
  committed(groupId: string, topic: string): Promise<readonly number[]>;
  /** The same with the text beside each, `''` where there is none. */
  commits(groupId: string, topic: string): Promise<readonly CommittedText[]>;
  /**
   * Sets a group's offsets, without metadata, as long as it has no member. The broker itself decides that, in the same
   * step: rejects with `GROUP_ACTIVE`, and nothing was set, while it has one.
   */
  resetOffsets(groupId: string, offsets: readonly PartitionOffset[]): Promise<void>;
}

export interface ConsumerOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly startFrom: StartFrom;
  /** Groups of topics of which a member gets the same partition numbers. Default: each topic by itself. */
  readonly coPartitioned: readonly (readonly string[])[];
  /** Milliseconds without a heartbeat after which the broker gives the partitions to another member. */
  readonly sessionTimeoutMs: number;
  /** Milliseconds that the members have to give up their partitions; the bound of a drain. */
  readonly rebalanceTimeoutMs: number;
  readonly readCommitted: boolean;
  /**
   * The gate of a partition: asked once after `assigned`, and after `rewind`, before its committed offset is looked up. While the
   * promise is pending nothing of the partition is looked up or fetched; the other partitions go on, and a rebalance or `stop` does
   * not wait for it. Undefined: it is open. A rejection with a `retriable` error asks again after a while; any other is final, as
   * `failed`. Where the assignment has ended meanwhile, or the partition was rewound, the outcome is ignored and the gate of the next
   * epoch asked. A `seek` decides where it begins, and leaves the gate as it is.
   */
  readonly ready?: ((partition: AssignedPartition) => Promise<void> | undefined) | undefined;
  /**
   * Asked after each assignment or rewind, with what the group has committed, before anything of these partitions is fetched, and
   * about those alone that are `ready`.
   * Answers in the same order where each begins; undefined: as committed, or by `startFrom`. Is asked again after a
   * rejection with a `retriable` error; any other is final, as `failed`. A `seek` meanwhile counts more.
   */
  readonly resumeAt?:
    | ((partitions: readonly CommittedPartition[]) => Promise<readonly (number | undefined)[]>)
    | undefined;
}

/** Called by the driver, never inside a call into the port. */
export interface ConsumerListener {
  /** The member's whole new assignment; it replaces the one before. May be empty. */
  assigned(partitions: readonly AssignedPartition[]): void;
  /**
   * These are about to be lost. The driver goes on heartbeating and accepts commits until the promise settles, at
   * most for `boundMs`, which is within the rebalance timeout; only then are they given up.
   */
  revoking(partitions: readonly AssignedPartition[], boundMs: number): Promise<void>;
  /** These were lost without warning: another member may have them already. */
  lost(partitions: readonly AssignedPartition[]): void;
  /** A fetched batch, in offset order per partition. */
  batch(batch: FetchedBatch): void;
  /**
   * An answer of the brokers said that there is nothing at `position` or behind it: it is not below the last stable offset (where all
   * records are read: the end) of that answer, or the broker would have sent what there is, and sent nothing, as where the records at
   * the end were compacted away. Never before the first answer of an epoch, nor while the partition is paused. Told once, until a batch
   * of it comes again, and anew after `seek`, `rewind` and `resume`. Left out: nothing is spent on it. A driver that cannot tell
   * says so in `tellsNoEnds`, and calls it never.
   *
   * @param position where the next record would be; everything below was handed out
   */
  caughtUp?(partition: AssignedPartition, position: number): void;
  /**
   * The group has confirmed the membership after `confirmedUntil` had passed, in the same generation: what was withheld
   * goes on where it was.
   */
  confirmed(): void;
  /** The consumer has given up for good. */
  failed(error: KafkaRxError): void;
}

/** What one fetch brought of one partition. Its memory lives as long as the batch is kept. */
export interface RecordBatch extends TopicPartition {
  /** Of the topic that it was fetched from, as {@link TopicDescription.id}: the same for all batches of an epoch, or of a reader. */
  readonly topicId: string;
  /** Bytes in memory, an estimate. */
  readonly bytes: number;
  /** Number of records that `next` will hand out; 0 where the fetch brought nothing but what `nextOffset` skips. */
  readonly count: number;
  /** The offset after everything in the batch, control records, aborted and compacted ones included. */
  readonly nextOffset: number;
  /** The partition's end at the time of the fetch (last stable offset for read_committed). */
  readonly endOffset: number;
  /** The next record, or undefined after the last. The object is the caller's. */
  next(): SourceRecord | undefined;
  /** The record at this offset once more, also after `next` has passed it; cheapest in order of offsets. */
  reread(offset: number): SourceRecord | undefined;
}

/** What a member of a group fetched. */
export interface FetchedBatch extends RecordBatch, AssignedPartition {}

/** What was read outside of a group. */
export interface ReadBatch extends RecordBatch {
  /** Where the partition's log began at the time of the fetch. */
  readonly startOffset: number;
}

/** A record as it lies in Kafka. */
export interface SourceRecord {
  readonly offset: number;
  /** Milliseconds since 1970; -1 where the producer set none. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
}

/**
 * A partition of which nothing comes, although there is more of it, or nobody knows: as the driver saw it last, whatever
 * became of the records before.
 */
export interface Standstill extends TopicPartition {
  /**
   * `open-transaction`: the next record is of a transaction that its producer has not ended, be it a unit of work of the same
   * connection, and readers of committed records get neither it nor anything behind it. `unanswered`: no broker answers for the
   * partition: it has no leader, or its leader does not answer.
   */
  readonly cause: 'open-transaction' | 'unanswered';
  /**
   * Everything below was read; of a transaction, its first record: of a unit of work what {@link OutputListener.acknowledged} told as its
   * `baseOffset`. -1 where it is not known yet.
   */
  readonly offset: number;
  /** Offsets from `offset` to the partition's end, those of transactions included; 0 where nobody knows. */
  readonly records: number;
  /** Since when, on the context's monotonic clock. */
  readonly since: number;
}

export interface DriverConsumer {
  /**
   * Until when this member is sure to have its partitions, on the context's monotonic clock: a session timeout after
   * the last confirmed heartbeat was sent, less a margin. From then on nothing of what was fetched is to be begun; look
   * at it before work is handed out, since a process that was stopped hears of nothing. Cheap to read.
   */
  readonly confirmedUntil: number;
  /**
   * Joins the group; resolves when the first assignment (possibly empty) was handed over. After a rejection that is retriable it may be
   * called again.
   */
  start(): Promise<void>;
  /** Replaces the subscription of a running consumer; a rebalance follows. */
  subscribe(topics: readonly string[]): Promise<void>;
  /** No batch until `resume`. Ends with the assignment: what is assigned anew is not paused. */
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /**
   * Moves the position. Returns the partition's new epoch; batches of the old one no longer come. A pause stays.
   * Throws `DRIVER` for a partition that is not assigned.
   */
  seek(partition: TopicPartition, offset: number): number;
  /**
   * Begins these partitions anew at what is committed, in new epochs, as an assignment would: the gate and `resumeAt` are asked again,
   * and batches of the old epochs no longer come. A pause does not stay. Returns the new epochs in the order given. Throws `DRIVER`,
   * and nothing is rewound, where one of them is not assigned.
   */
  rewind(partitions: readonly TopicPartition[]): readonly AssignedPartition[];
  /**
   * Commits. Resolves once the broker has confirmed every offset. Rejects with `COMMIT_REFUSED` when a partition is
   * not assigned in that epoch (then nothing of it was sent), with a `retriable` error when trying again makes sense.
   */
  commit(offsets: readonly OffsetCommit[]): Promise<void>;
  /**
   * The assigned partitions that stand still now, however short; a paused one does not. Cheap enough to be asked by whoever looks at
   * health or metrics. Undefined where the client tells nothing of it.
   */
  readonly standstills?: (() => readonly Standstill[]) | undefined;
  /** It never calls {@link ConsumerListener.caughtUp}, since its client does not say what an answer left out. */
  readonly tellsNoEnds?: true | undefined;
  /** Leaves the group without another commit and without calling `revoking`. Idempotent. */
  stop(): Promise<void>;
}

export interface ProducerOptions {
  /** The largest record that is sent, bytes of key, value and headers; a larger one is refused at `append`. */
  readonly maxRecordBytes: number;
  /** Milliseconds after which a record that the broker never acknowledged is refused. */
  readonly deliveryTimeoutMs: number;
}

export interface DriverProducer {
  /** Loads the metadata of these topics. Rejects with `MISSING_TOPIC` naming those that do not exist. */
  prepare(topics: readonly string[]): Promise<void>;
  /** The number of partitions as last heard; may grow, and be fewer once the topic was made anew. Only for a prepared topic. */
  partitionCount(topic: string): number;
  /**
   * The partitions of a prepared topic that have a leader, as last heard, in ascending order; none while nobody knows. Ask once and keep
   * what it returns: that may be called for each record, and gives another array only after the driver has heard anew. Absent where
   * all are taken to have one.
   */
  readonly available?: ((topic: string) => () => readonly number[]) | undefined;
  /**
   * The way into one partition of a prepared topic; ask once and keep it.
   *
   * @throws `DRIVER` for a topic that is not prepared, and for a partition that it does not have
   */
  output(partition: TopicPartition, listener: OutputListener): ProducerOutput;
  /** Bytes appended and not yet acknowledged or refused. */
  readonly bufferedBytes: number;
  /** Resolves when all that was appended before is acknowledged or refused. */
  flush(): Promise<void>;
  /** Sends nothing more; what is pending is refused. Idempotent. */
  close(): Promise<void>;
}

export interface ProducerOutput {
  /**
   * Adds a record behind those before it: sent when idle, otherwise merged into the next request. Order within the
   * partition survives retries. Never calls the listener before it returns. Bytes are copied before it returns: they may
   * be changed afterwards.
   *
   * @param timestamp whole milliseconds since 1970, at least 0
   * @throws `ENCODE` for what Kafka has no place for (`lib/record/outgoing.ts`): nothing was appended, no listener
   *   hears of it, and the records beside it are sent
   */
  append(key: Buffer | null, value: Buffer | null, headers: Headers, timestamp: number): void;
}

/** Hears of one output's records in the order in which they were appended. */
export interface OutputListener {
  /** The oldest `count` pending records are durable; `baseOffset` is the first's, or -1 where unknown. */
  acknowledged(count: number, baseOffset: number): void;
  /** The oldest `count` pending records are not, and trying again would not help. */
  refused(count: number, error: KafkaRxError): void;
}

/** What a unit of work writes by; bounds as those of the app's producer. */
export interface UnitOptions extends ProducerOptions {
  /**
   * Milliseconds from the first record of a unit on, after which the brokers abort what is open, so that a process that is gone does not hold
   * readers up for longer. Records are refused before that, whatever `deliveryTimeoutMs` is. The brokers may not take more than 15 min.
   */
  readonly transactionTimeoutMs: number;
}

/**
 * Outputs plus offsets, all or nothing, of one task; one at a time. Readers of committed records see all or none.
 *
 * Why a unit is not committed, and what then is to be done:
 * - `COMMIT_REFUSED`: another owner has opened it, or the group has gone on without this member. Give the task up.
 * - `COMMIT_UNKNOWN`: nobody answered whether it was committed. Open it anew, which settles that, and read what is committed.
 * - `TRANSACTION_TIMEOUT`: it was open for longer than `transactionTimeoutMs`, and the brokers have aborted it.
 * - any other: it was not committed.
 */
export interface UnitOfWork extends DriverProducer {
  /** Why there will be no other unit, and this one has to be opened anew; undefined as long as `begin` may be called. */
  readonly failure: KafkaRxError | undefined;
  begin(): void;
  /**
   * Makes the outputs and these offsets durable together. At least one offset, the same again where nothing has moved: it is by them that
   * the group refuses a member that it has gone on without. A call with none, or at a wrong time, is refused with `DRIVER` and changes
   * nothing. After any other rejection nothing more can be made of this unit, nor, where `failure` says so, of the next.
   */
  commit(offsets: readonly OffsetCommit[]): Promise<void>;
  /**
   * What was refused so far is dealt with: it does not keep the unit from being committed. False where it does nevertheless, since nobody
   * knows whether a record was written that was given up, or since the brokers have given up the unit.
   */
  excuse(): boolean;
  /** Drops what was written. Does nothing where no unit has begun. */
  abort(): Promise<void>;
}
