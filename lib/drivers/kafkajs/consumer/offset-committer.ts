import { type Clock, within } from '../../../base/clock.js';
import { KafkaRxError } from '../../../errors/errors.js';
import type { OffsetCommit, PartitionOffset } from '../../port.js';
import { commitError } from '../errors.js';
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
  send(topics: TopicCommit[]): Promise<unknown>;
  /** It failed, or was not answered. */
  failed(error: unknown): void;
}

/**
 * Commits, one request at a time. The fast path goes straight to the coordinator and not through kafkajs's `commitOffsets`, which
 * resolves without having sent anything when the runner does not run (src/consumer/runner.js, commitOffsets) and
 * sends under whatever generation is the current one, also for a partition that was lost.
 */
export class OffsetCommitter {
  readonly #clock: Clock;
  readonly #assignment: Assignment;
  readonly #open: () => Promise<CommitTurn>;
  #last: Promise<unknown> = Promise.resolve();

  /** @param open finds the coordinator, for one commit */
  constructor(clock: Clock, assignment: Assignment, open: () => Promise<CommitTurn>) {
    this.#clock = clock;
    this.#assignment = assignment;
    this.#open = open;
  }

  /** Resolves once the coordinator has confirmed all of it. Partitions that are being drained may be committed. */
  async commit(offsets: readonly OffsetCommit[]): Promise<void> {
    this.refuseStale(offsets);
    if (offsets.length === 0) return;
    const sent = this.#last.then(() => this.#send(offsets));
    this.#last = sent.catch(() => {});
    return sent;
  }

  async #send(offsets: readonly OffsetCommit[]): Promise<void> {
    let turn: CommitTurn | undefined;
    try {
      turn = await this.#open();
      // Once more, in the same turn as the request: the commits before this one took their time.
      this.refuseStale(offsets);
      const inTime = await within(this.#clock, turn.send(commitsByTopic(offsets)), answerBoundMs);
      if (inTime === 'late') throw Object.assign(new Error('no answer'), { name: 'CommitTimeout' });
    } catch (error) {
      if (error instanceof KafkaRxError) throw error;
      turn?.failed(error);
      throw commitError(error);
    }
  }

  /** Throws `COMMIT_REFUSED` where one of the partitions is not assigned in that epoch. */
  refuseStale(offsets: readonly OffsetCommit[]): void {
    const stale = offsets.find(offset => this.#assignment.get(offset)?.epoch !== offset.epoch);
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
