import { partitionKey } from '../../base/partition-key.js';
import { isKafkaRxError, KafkaRxError } from '../../errors/errors.js';
import { Gates } from '../gates.js';
import { GroupBeginning } from '../group-beginning.js';
import type { EpochEnd } from '../lineage.js';
import { notAssigned } from '../not-assigned.js';
import type {
  AssignedPartition,
  ConsumerOptions,
  OffsetCommit,
  Standstill,
  TopicPartition,
} from '../port.js';
import { type Committed, committedFor, committedOf } from '../topic-commits.js';
import type { ConsumerGroup } from './consumer-group.js';
import { PartitionReader, type ReaderContext } from './partition-reader.js';

/** Before `ready` or `resumeAt` is asked again, milliseconds. */
const askAgainMs = 100;

/** One assignment's readers, by partition. */
type Readers = ReadonlyMap<string, PartitionReader>;

/** What became of a log that was read: below `to` it is the same, of this leader's epoch. */
interface Truncation {
  readonly topicId: string;
  readonly to: number;
  readonly epoch: number;
}

export interface AssignedReadersContext extends Omit<ReaderContext, 'diverged'> {
  readonly options: ConsumerOptions;
  readonly group: ConsumerGroup;
  readonly failed: (error: KafkaRxError) => void;
  /** Has the group share out anew: what was handed out is drained, and another epoch begins. */
  readonly rejoin: () => void;
}

/** The partitions that a member has, each with its reader, and where they begin. */
export class AssignedReaders {
  readonly #context: AssignedReadersContext & ReaderContext;
  readonly #beginning = new GroupBeginning();
  readonly #gates: Gates<PartitionReader>;
  /** Topics that were assigned and do not exist any more. */
  readonly #gone = new Set<string>();
  /** Until the partition begins anew, by partition. */
  readonly #truncations = new Map<string, Truncation>();
  /** With which epoch a reader was rewound last, wherever it was moved then. */
  readonly #rewound = new WeakMap<PartitionReader, number>();
  #readers: Readers = new Map();

  constructor(context: AssignedReadersContext) {
    this.#context = { ...context, diverged: (reader, end) => this.#diverged(reader, end) };
    this.#gates = new Gates({
      ready: context.options.ready,
      clock: context.cluster.clock,
      event: context.event,
      backoffMs: () => askAgainMs,
      isCurrent: reader => !reader.stopped && this.get(reader) === reader,
      opened: reader => {
        this.#lookUp(this.#readers, [reader]);
        reader.wake();
      },
      failed: context.failed,
    });
  }

  /** Before the first join: finds the group as it is without this member. */
  comeTo(topics: readonly string[]): void {
    const { cluster, group, options } = this.#context;
    if (options.startFrom === 'earliest') return;
    const existing = cluster.describe().filter(({ name }) => topics.includes(name));
    this.#beginning.found({ hasOffsets: group.hasCommitted, topics: existing });
  }

  /** What there is now, to be told from what comes later. */
  get current(): object {
    return this.#readers;
  }

  get size(): number {
    return this.#readers.size;
  }

  get list(): AssignedPartition[] {
    return [...this.#readers.values()].map(({ topic, partition, epoch }) => ({ topic, partition, epoch }));
  }

  get(partition: TopicPartition): PartitionReader | undefined {
    return this.#readers.get(partitionKey(partition));
  }

  /** @see DriverConsumer.standstills */
  get standstills(): readonly Standstill[] {
    return [...this.#readers.values()].flatMap(reader => reader.standstill ?? []);
  }

  wake(): void {
    for (const reader of this.#readers.values()) reader.wake();
  }

  /** For good: no batch follows. */
  stop(): void {
    this.#tellGone();
    for (const reader of this.#readers.values()) reader.stop();
  }

  /** Replaces what there was; `begin` has the readers find out where. */
  assign(
    partitions: readonly TopicPartition[],
    epoch: number,
    subscribed: readonly string[],
  ): readonly AssignedPartition[] {
    const { cluster, event } = this.#context;
    for (const topic of this.#gone) {
      if (subscribed.includes(topic) && cluster.topicId(topic) === undefined) continue;
      this.#gone.delete(topic);
      event({ type: 'topic-back', topic });
    }
    const kept = new Set(partitions.map(partitionKey));
    for (const key of this.#truncations.keys()) if (!kept.has(key)) this.#truncations.delete(key);
    const readers = new Map<string, PartitionReader>();
    for (const at of partitions) {
      const log = cluster.find(at);
      const topicId = cluster.topicId(at.topic);
      // A topic that was deleted since: the next assignment leaves it out.
      if (log === undefined || topicId === undefined) continue;
      const reader = new PartitionReader(this.#context, { ...at, epoch, topicId }, log);
      readers.set(partitionKey(at), reader);
    }
    this.#readers = readers;
    this.#gates.close(readers.values());
    for (const reader of readers.values()) if (this.#isKnown(reader)) this.#begin(reader, undefined);
    return this.list;
  }

  begin(): void {
    this.wake();
    this.#goOn(this.#readers, [...this.#readers.values()]);
  }

  /** New epochs, for `begin` to be called in another turn. Throws `DRIVER`, and rewinds nothing, where one is not assigned. */
  rewind(partitions: readonly TopicPartition[], epoch: number): readonly AssignedPartition[] {
    const { cluster } = this.#context;
    const rewound = partitions.map(partition => {
      const reader = this.get(partition);
      if (reader === undefined) throw notAssigned(partition, undefined);
      return reader;
    });
    for (const reader of rewound) {
      reader.rewind(epoch);
      this.#rewound.set(reader, epoch);
    }
    this.#gates.close(rewound);
    const readers = this.#readers;
    cluster.clock.defer(() => {
      // Not those that were rewound again in the same turn.
      const those = rewound.filter(reader => this.#rewound.get(reader) === epoch);
      if (this.#readers === readers) this.#goOn(readers, those);
    }, 'group');
    return rewound.map(({ topic, partition }) => ({ topic, partition, epoch }));
  }

  /** Gives everything up; returns what there was. */
  drop(): AssignedPartition[] {
    const dropped = this.list;
    this.stop();
    this.#readers = new Map();
    return dropped;
  }

  /**
   * The commits as the broker gets them, each saying of which topic it is. Those that are of a partition that does not exist any
   * more, or not as one of the topic that was read, are left out and told.
   */
  storable(offsets: readonly OffsetCommit[]): OffsetCommit[] {
    const { cluster, event } = this.#context;
    return offsets.flatMap(commit => {
      const reader = this.get(commit);
      if (reader?.reads(cluster.find(commit)))
        return [committedOf(commit, reader.topicId, reader.lineage.before(commit.offset))];
      const { topic, partition, offset } = commit;
      event({ type: 'commit-dropped', topic, partition, offset });
      return [];
    });
  }

  /** Whether there is nothing to ask or wait for before it begins. */
  #isKnown(reader: PartitionReader): boolean {
    return (
      this.#context.options.resumeAt === undefined && reader.gate === undefined && !this.#isUndecided(reader)
    );
  }

  /** Whether a transaction that has not ended holds an offset of it. */
  #isUndecided(reader: PartitionReader): boolean {
    const { cluster, group } = this.#context;
    return cluster.undecidedOffset(group.id, reader) !== undefined;
  }

  /** Asks for the gates of these, and where those begin whose gate is open. */
  #goOn(readers: Readers, those: readonly PartitionReader[]): void {
    const open = those.filter(({ gate }) => gate === undefined);
    this.#gates.ask(those);
    this.#lookUp(readers, open);
  }

  /** Finds out where those begin that have no position; what is undecided is asked for again, each for itself. */
  #lookUp(readers: Readers, those: readonly PartitionReader[]): void {
    const { cluster } = this.#context;
    // Of a log that is the topic's no more nothing is read again: its offsets are gone with it. The next assignment is of what there is.
    const unknown = those.filter(
      reader => !reader.stopped && reader.position === undefined && reader.reads(cluster.find(reader)),
    );
    const decided = unknown.filter(reader => !this.#isUndecided(reader));
    for (const reader of unknown) if (!decided.includes(reader)) this.#lookUpAgain(readers, reader, 1);
    if (this.#context.options.resumeAt !== undefined) void this.#askWhereToBegin(readers, decided);
    else for (const reader of decided) this.#begin(reader, undefined);
  }

  #lookUpAgain(readers: Readers, reader: PartitionReader, attempt: number): void {
    const { cluster, event } = this.#context;
    const { topic, partition, epoch } = reader;
    const what = `committed offset of ${topic}-${partition}`;
    event({ type: 'retrying', what, attempt, delayMs: askAgainMs, reason: 'UNSTABLE_OFFSET_COMMIT' });
    cluster.clock.schedule(() => {
      // Only the epoch bounds it.
      if (this.#readers !== readers || reader.epoch !== epoch) return;
      if (this.#isUndecided(reader)) this.#lookUpAgain(readers, reader, attempt + 1);
      else this.#lookUp(readers, [reader]);
    }, askAgainMs);
  }

  /** @param wanted where the app wants it to begin */
  #begin(reader: PartitionReader, wanted: number | undefined): void {
    const { startFrom } = this.#context.options;
    const { offset, leaderEpoch } = this.#committed(reader);
    const truncation = this.#truncationOf(reader);
    this.#truncations.delete(partitionKey(reader));
    if (truncation !== undefined) {
      // What was handed out and is not committed comes again.
      const found = wanted ?? (offset >= 0 ? offset : this.#startOf(reader));
      const toBeCommitted = offset < 0 && startFrom !== 'earliest';
      reader.begin(Math.min(found, truncation.to), { toBeCommitted, epoch: truncation.epoch });
    } else if (offset >= 0) {
      const position = wanted ?? offset;
      // The epoch of what was committed holds for what is below it, too.
      reader.begin(position, { epoch: position <= offset ? leaderEpoch : undefined, committed: offset });
    } else {
      const position = wanted ?? this.#startOf(reader);
      // Nobody has committed where it begins, and the next start would be elsewhere, or take the group for a new one; or what came
      // first has expired, and with nothing behind it no record would say that the group has come so far.
      reader.begin(position, { toBeCommitted: startFrom !== 'earliest' || position > 0 });
    }
  }

  /** Where it begins of which the group has no offset: as `startFrom` says in a new group, else at its first record. */
  #startOf(reader: PartitionReader): number {
    const { topicId, partition } = reader;
    if (!this.#beginning.isFirst(topicId, partition)) return reader.offsetAt('earliest');
    const began =
      this.#beginning.began(topicId, partition) ?? reader.offsetAt(this.#context.options.startFrom);
    this.#beginning.begins(topicId, partition, began);
    return began;
  }

  #committed(reader: PartitionReader): Committed {
    const { topicId, partition } = reader;
    const committed = committedFor(this.#context.group.committed(reader), topicId);
    if (committed.offset >= 0) this.#beginning.isOver(topicId, partition);
    const truncation = this.#truncationOf(reader);
    // What was lost was committed for nothing.
    return truncation === undefined || committed.offset < truncation.to
      ? committed
      : { ...committed, offset: truncation.to, leaderEpoch: truncation.epoch };
  }

  #truncationOf(reader: PartitionReader): Truncation | undefined {
    const found = this.#truncations.get(partitionKey(reader));
    return found?.topicId === reader.topicId ? found : undefined;
  }

  /** As the kafkajs driver does: what the app keeps is asked about again, in another epoch where records of this one are out. */
  #diverged(reader: PartitionReader, end: EpochEnd): void {
    const { topic, partition, topicId, position: from } = reader;
    if (from === undefined) return;
    const to = reader.lineage.commonWith(end, from);
    if (to >= from) {
      reader.lineage.goOn(end.epoch);
      return;
    }
    this.#context.event({ type: 'offset-reset', topic, partition, from, to, truncated: true });
    this.#truncations.set(partitionKey(reader), { topicId, to, epoch: end.epoch });
    if (reader.begun) {
      reader.stop();
      this.#context.rejoin();
      return;
    }
    reader.beginAnew();
    this.#lookUp(this.#readers, [reader]);
  }

  async #askWhereToBegin(readers: Readers, those: readonly PartitionReader[], attempt = 1): Promise<void> {
    const { options, cluster, event, failed } = this.#context;
    const { resumeAt } = options;
    if (resumeAt === undefined || those.length === 0) return;
    const asked = those.map(reader => {
      const { topic, partition, epoch, topicId } = reader;
      const { offset, metadata } = this.#committed(reader);
      const found = { topic, partition, epoch, topicId, offset: offset < 0 ? undefined : offset, metadata };
      return { ...found, truncatedAt: this.#truncationOf(reader)?.to };
    });
    // Assigned, rewound or sought anew meanwhile: then it is another question's affair.
    const still = (): PartitionReader[] =>
      this.#readers === readers ? those.filter(({ epoch }, i) => epoch === asked[i]?.epoch) : [];
    try {
      const answers = await resumeAt(asked);
      const current = still();
      for (const [i, reader] of those.entries())
        if (current.includes(reader) && reader.reads(cluster.find(reader))) this.#begin(reader, answers[i]);
    } catch (error) {
      if (still().length === 0) return;
      if (!isKafkaRxError(error)) failed(new KafkaRxError('DRIVER', 'resumeAt threw', { cause: error }));
      else if (!error.retriable) failed(error);
      else {
        const [first] = asked;
        const what = `where to begin ${first?.topic}-${first?.partition}`;
        event({ type: 'retrying', what, attempt, delayMs: askAgainMs, reason: error.message });
        cluster.clock.schedule(() => void this.#askWhereToBegin(readers, still(), attempt + 1), askAgainMs);
      }
    }
  }

  #tellGone(): void {
    const { cluster, event } = this.#context;
    for (const reader of this.#readers.values()) {
      const { topic } = reader;
      if (reader.reads(cluster.find(reader)) || this.#gone.has(topic)) continue;
      if (cluster.topicId(topic) !== undefined) continue;
      this.#gone.add(topic);
      event({ type: 'topic-gone', topic });
    }
  }
}
