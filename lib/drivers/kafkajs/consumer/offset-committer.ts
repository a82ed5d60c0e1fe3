import { within } from '../../../base/clock.js';
import { isKafkaRxError, KafkaRxError } from '../../../errors/errors.js';
import type { DriverContext, OffsetCommit, PartitionOffset } from '../../port.js';
import { committedOf, type StoredCommit } from '../../topic-commits.js';
import { commitError, typeOf } from '../errors.js';
import type { ClusterQueries } from '../kafkajs-path.js';
import type { Assignment } from './assignment.js';

/**
 * A coordinator answers within `offsets.commit.timeout.ms`, 5 s, or it hangs. A commit that it finds later cannot move
 * the offset back: the next one comes behind it on the same connection, or goes to another coordinator, which fences.
 */
const answerBoundMs = 6_000;

/** What one commit says of a topic. */
export interface TopicCommit {
  readonly topic: string;
  readonly partitions: {
    readonly partition: number;
    readonly offset: string;
    readonly metadata: string | undefined;
  }[];
}

/** One commit's way to the coordinator. */
export interface CommitTurn {
  /** Sends in the same turn, under the generation of that turn. Resolves once all of it is confirmed. */
  send(offsets: readonly StoredCommit[]): Promise<unknown>;
  /** It failed, or was not answered. */
  failed(error: unknown): void;
}

export interface CommitterContext {
  readonly driver: DriverContext;
  readonly assignment: Assignment;
  readonly queries: Pick<ClusterQueries, 'topics'>;
  /** Finds the coordinator, for one commit. */
  readonly open: () => Promise<CommitTurn>;
}

/**
 * Commits, one request at a time. The fast path goes straight to the coordinator and not through kafkajs's `commitOffsets`, which
 * resolves without having sent anything when the runner does not run (src/consumer/runner.js, commitOffsets) and
 * sends under whatever generation is the current one, also for a partition that was lost.
 *
 * What can never be stored is dropped and told, and holds up nothing: offsets of a partition that does not exist any more, or of a
 * topic whose name is another topic's by now.
 */
export class OffsetCommitter {
  readonly #context: CommitterContext;
  #last: Promise<unknown> = Promise.resolve();

  constructor(context: CommitterContext) {
    this.#context = context;
  }

  /** Resolves once the coordinator has confirmed all of it. Partitions that are being drained may be committed. */
  async commit(offsets: readonly OffsetCommit[]): Promise<void> {
    this.refuseStale(offsets);
    if (offsets.length === 0) return;
    const sent = this.#last.then(() => this.#send(offsets));
    this.#last = sent.catch(() => {});
    return sent;
  }

  /** These offsets, each saying of which topic it is, and of which leader what it follows. */
  labelled(offsets: readonly OffsetCommit[]): StoredCommit[] {
    return offsets.map(offset => {
      const state = this.#context.assignment.get(offset);
      return committedOf(offset, state?.topicId, state?.lineage.before(offset.offset));
    });
  }

  async #send(offsets: readonly OffsetCommit[]): Promise<void> {
    const current = this.#drop(offsets, offset => this.#context.assignment.get(offset)?.madeAnew === true);
    try {
      await this.#attempt(current);
    } catch (error) {
      if (typeOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw asCommitError(error);
      await this.#sendExisting(current, error);
    }
  }

  /** Kafka stores each offset for itself; kafkajs tells the first error, and not of which. */
  async #sendExisting(offsets: readonly OffsetCommit[], refusal: unknown): Promise<void> {
    try {
      const gone = await this.#gone(offsets);
      const existing = this.#drop(offsets, offset => gone.has(offset));
      // Not known to the coordinator yet, or still known to the broker that was asked: that passes.
      if (existing.length === offsets.length) throw refusal;
      await this.#attempt(existing);
    } catch (error) {
      throw asCommitError(error);
    }
  }

  async #attempt(offsets: readonly OffsetCommit[]): Promise<void> {
    if (offsets.length === 0) return;
    let turn: CommitTurn | undefined;
    try {
      turn = await this.#context.open();
      // Once more, in the same turn as the request: the commits before this one took their time.
      this.refuseStale(offsets);
      const sent = turn.send(this.labelled(offsets));
      const inTime = await within(this.#context.driver.clock, sent, answerBoundMs);
      if (inTime === 'late') throw Object.assign(new Error('no answer'), { name: 'CommitTimeout' });
    } catch (error) {
      if (!isKafkaRxError(error)) turn?.failed(error);
      throw error;
    }
  }

  /** Those of a partition that does not exist, or not as one of the topic that it was. */
  async #gone(offsets: readonly OffsetCommit[]): Promise<ReadonlySet<OffsetCommit>> {
    const { queries, assignment } = this.#context;
    const topics = await queries.topics([...new Set(offsets.map(({ topic }) => topic))]);
    const isGone = (offset: OffsetCommit): boolean => {
      const found = topics.find(({ name }) => name === offset.topic);
      const topicId = assignment.get(offset)?.topicId;
      if (found === undefined || offset.partition >= found.partitions) return true;
      return topicId !== undefined && found.id !== topicId;
    };
    return new Set(offsets.filter(isGone));
  }

  /** Returns the others. */
  #drop(offsets: readonly OffsetCommit[], which: (offset: OffsetCommit) => boolean): readonly OffsetCommit[] {
    const dropped = new Set(offsets.filter(which));
    const { logger, event } = this.#context.driver;
    for (const { topic, partition, offset } of dropped) {
      logger.warn(
        { topic, partition, offset },
        'a commit was dropped: its partition does not exist any more',
      );
      event({ type: 'commit-dropped', topic, partition, offset });
    }
    return dropped.size === 0 ? offsets : offsets.filter(offset => !dropped.has(offset));
  }

  /** Throws `COMMIT_REFUSED` where one of the partitions is not assigned in that epoch. */
  refuseStale(offsets: readonly OffsetCommit[]): void {
    const stale = offsets.find(offset => this.#context.assignment.get(offset)?.epoch !== offset.epoch);
    if (stale === undefined) return;
    throw new KafkaRxError('COMMIT_REFUSED', 'The partition is no longer assigned in that epoch', {
      at: { topic: stale.topic, partition: stale.partition, offset: stale.offset },
      remedy: 'Drop the commit: what it covers is delivered again, to whoever has the partition now.',
    });
  }
}

/** As an OffsetCommit request has them. */
export function commitsByTopic(
  offsets: readonly (PartitionOffset & { readonly metadata?: string | undefined })[],
): TopicCommit[] {
  const topics = new Map<string, TopicCommit['partitions']>();
  for (const { topic, partition, offset, metadata } of offsets) {
    const entry = { partition, offset: String(offset), metadata };
    const others = topics.get(topic);
    if (others === undefined) topics.set(topic, [entry]);
    else others.push(entry);
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}

function asCommitError(error: unknown): KafkaRxError {
  return isKafkaRxError(error) ? error : commitError(error);
}
