import { type Clock, within } from '../../clock.js';
import { KafkaRxError } from '../../errors.js';
import type { OffsetCommit, PartitionOffset } from '../port.js';
import type { Assignment } from './assignment.js';
import { commitError } from './errors.js';
import type { Membership } from './membership.js';

/**
 * A coordinator answers within `offsets.commit.timeout.ms`, 5 s, or it hangs. A commit that it finds later cannot move
 * the offset back: the next one comes behind it on the same connection, or goes to another coordinator, which fences.
 */
const answerBoundMs = 6_000;

/**
 * Commits, one request at a time. Straight to the coordinator and not through kafkajs's `commitOffsets`, which
 * resolves without having sent anything when the runner does not run (src/consumer/runner.js, commitOffsets) and
 * sends under whatever generation is the current one, also for a partition that was lost.
 */
export class OffsetCommitter {
  readonly #assignment: Assignment;
  readonly #membership: Membership;
  #last: Promise<unknown> = Promise.resolve();

  readonly #clock: Clock;

  constructor(clock: Clock, assignment: Assignment, membership: Membership) {
    this.#clock = clock;
    this.#assignment = assignment;
    this.#membership = membership;
  }

  /** Resolves once the coordinator has confirmed all of it. Partitions that are being drained may be committed. */
  async commit(offsets: readonly OffsetCommit[]): Promise<void> {
    this.#refuseStale(offsets);
    if (offsets.length === 0) return;
    const sent = this.#last.then(() => this.#send(offsets));
    this.#last = sent.catch(() => {});
    return sent;
  }

  async #send(offsets: readonly OffsetCommit[]): Promise<void> {
    // Once more, in the same turn as the request: the commits before this one took their time.
    let { groupGenerationId } = this.#membership.generation;
    try {
      const coordinator = await this.#membership.coordinator();
      this.#refuseStale(offsets);
      const { generation } = this.#membership;
      groupGenerationId = generation.groupGenerationId;
      const answer = coordinator.offsetCommit({ ...generation, topics: commitsByTopic(offsets) });
      const inTime = await within(this.#clock, answer, answerBoundMs);
      if (inTime === 'late') throw Object.assign(new Error('no answer'), { name: 'CommitTimeout' });
    } catch (error) {
      if (error instanceof KafkaRxError) throw error;
      this.#membership.observe(error, groupGenerationId);
      throw commitError(error);
    }
  }

  #refuseStale(offsets: readonly OffsetCommit[]): void {
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
) {
  const topics = new Map<string, { partition: number; offset: string; metadata: string | undefined }[]>();
  for (const { topic, partition, offset, metadata } of offsets) {
    const entry = { partition, offset: String(offset), metadata };
    const others = topics.get(topic);
    if (others === undefined) topics.set(topic, [entry]);
    else others.push(entry);
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}
