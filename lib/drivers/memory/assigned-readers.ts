import { partitionKey } from '../../base/partition-key.js';
import { isKafkaRxError, KafkaRxError } from '../../errors/errors.js';
import { GroupBeginning } from '../group-beginning.js';
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

/** Before `resumeAt` is asked again, milliseconds. */
const askAgainMs = 100;

/** One assignment's readers, by partition. */
type Readers = ReadonlyMap<string, PartitionReader>;

export interface AssignedReadersContext extends ReaderContext {
  readonly options: ConsumerOptions;
  readonly group: ConsumerGroup;
  readonly failed: (error: KafkaRxError) => void;
}

/** The partitions that a member has, each with its reader, and where they begin. */
export class AssignedReaders {
  readonly #context: AssignedReadersContext;
  readonly #beginning = new GroupBeginning();
  /** Topics that were assigned and do not exist any more. */
  readonly #gone = new Set<string>();
  #readers: Readers = new Map();

  constructor(context: AssignedReadersContext) {
    this.#context = context;
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
    const readers = new Map<string, PartitionReader>();
    for (const at of partitions) {
      const log = cluster.find(at);
      const topicId = cluster.topicId(at.topic);
      // A topic that was deleted since: the next assignment leaves it out.
      if (log === undefined || topicId === undefined) continue;
      const reader = new PartitionReader(this.#context, { ...at, epoch, topicId }, log);
      readers.set(partitionKey(at), reader);
      if (this.#context.options.resumeAt === undefined) this.#begin(reader, undefined);
    }
    this.#readers = readers;
    return this.list;
  }

  begin(): void {
    this.wake();
    void this.#askWhereToBegin(this.#readers);
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
      if (reader?.reads(cluster.find(commit))) return [committedOf(commit, reader.topicId)];
      const { topic, partition, offset } = commit;
      event({ type: 'commit-dropped', topic, partition, offset });
      return [];
    });
  }

  /** @param wanted where the app wants it to begin */
  #begin(reader: PartitionReader, wanted: number | undefined): void {
    const { startFrom } = this.#context.options;
    const { offset } = this.#committed(reader);
    if (offset >= 0) reader.begin(wanted ?? offset);
    else {
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
    return committed;
  }

  async #askWhereToBegin(readers: Readers, attempt = 1): Promise<void> {
    const { options, cluster, event, failed } = this.#context;
    const { resumeAt } = options;
    if (resumeAt === undefined || readers.size === 0) return;
    const asked = [...readers.values()].map(reader => {
      const { topic, partition, epoch, topicId } = reader;
      const { offset, metadata } = this.#committed(reader);
      return { topic, partition, epoch, topicId, offset: offset < 0 ? undefined : offset, metadata };
    });
    try {
      const answers = await resumeAt(asked);
      if (this.#readers !== readers) return;
      for (const [i, at] of asked.entries()) {
        const reader = readers.get(partitionKey(at));
        if (reader !== undefined) this.#begin(reader, answers[i]);
      }
    } catch (error) {
      if (this.#readers !== readers) return;
      if (!isKafkaRxError(error)) failed(new KafkaRxError('DRIVER', 'resumeAt threw', { cause: error }));
      else if (!error.retriable) failed(error);
      else {
        const [first] = asked;
        const what = `where to begin ${first?.topic}-${first?.partition}`;
        event({ type: 'retrying', what, attempt, delayMs: askAgainMs, reason: error.message });
        cluster.clock.schedule(() => void this.#askWhereToBegin(readers, attempt + 1), askAgainMs);
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
