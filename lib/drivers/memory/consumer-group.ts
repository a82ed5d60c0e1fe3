/**
 * A consumer group of the embedded broker: members, generations, committed offsets. Rebalances are eager.
 *
 * Outline of a rebalance:
 * 1. Something changes; the group is *preparing*, and each member is told so in a deferred turn.
 * 2. A member gives its partitions up in its own time and rejoins. Its commits count meanwhile: it still has the
 *    generation. A member that died holds the group up until its session expires.
 * 3. When every member has rejoined, the generation grows and each gets its assignment in a deferred turn.
 *
 * Steps 1 and 3 rely on `clock.defer` running in order: a member hears of a generation before it hears of its end.
 */
import type { Clock } from '../../base/clock.js';
import { KafkaRxError } from '../../errors/errors.js';
import { assign } from '../assignor.js';
import type { PartitionOffset, TopicPartition } from '../port.js';
import { type Committed, nothingCommitted, type StoredCommit } from '../topic-commits.js';

/** What a group knows of the cluster around it. */
export interface GroupSurroundings {
  readonly clock: Clock;
  readonly reachable: boolean;
  /** By topic. */
  partitionCounts(): ReadonlyMap<string, number>;
}

/** A consumer as its group sees it. */
export interface GroupMember {
  readonly memberId: string;
  readonly coPartitioned: readonly (readonly string[])[];
  readonly sessionTimeoutMs: number;
  readonly topics: readonly string[];
  /** Give up what you have, then `rejoin`. */
  prepare(): void;
  assign(generation: number, partitions: readonly TopicPartition[]): void;
  /** You were put out of the group; you may join anew. */
  expelled(): void;
  /** Stop for good, for this reason. */
  fail(error: KafkaRxError): void;
  /** Whether your heartbeats do not arrive. */
  setSilent(silent: boolean): void;
  /** Fall silent, as a process that was killed. */
  die(): void;
}

/** What a commit says beside its offset. */
type CommitDetails = Pick<StoredCommit, 'metadata' | 'leaderEpoch'>;

interface Membership {
  readonly member: GroupMember;
  owned: readonly TopicPartition[];
  joined: boolean;
}

export class ConsumerGroup {
  readonly id: string;
  readonly #cluster: GroupSurroundings;
  readonly #members = new Map<string, Membership>();
  readonly #committed = new Map<string, Map<number, Committed>>();
  #generation = 0;
  #preparing = false;

  constructor(id: string, cluster: GroupSurroundings) {
    this.id = id;
    this.#cluster = cluster;
  }

  get members(): readonly Readonly<Membership>[] {
    return [...this.#members.values()];
  }

  member(memberId: string): GroupMember | undefined {
    return this.#members.get(memberId)?.member;
  }

  join(member: GroupMember): void {
    this.#members.set(member.memberId, { member, owned: [], joined: true });
    this.rebalance();
  }

  /** The member has given its partitions up; one that was put out meanwhile joins anew. */
  rejoin(member: GroupMember): void {
    const membership = this.#members.get(member.memberId);
    if (membership === undefined) {
      this.join(member);
    } else {
      membership.joined = true;
      this.#completeSoon();
    }
  }

  /** Takes the member out, of its own will or not; its partitions go to the others. */
  remove(memberId: string): void {
    if (this.#members.delete(memberId)) this.rebalance();
  }

  rebalance(): void {
    if (!this.#preparing) {
      this.#preparing = true;
      for (const membership of this.#members.values()) {
        if (!membership.joined) this.#tell(membership, () => membership.member.prepare());
      }
    }
    this.#completeSoon();
  }

  topicChanged(topic: string): void {
    if (this.members.some(({ member }) => member.topics.includes(topic))) this.rebalance();
  }

  /** Goes on with a rebalance that the cluster's outage held up. */
  continue(): void {
    this.#completeSoon();
  }

  committed({ topic, partition }: TopicPartition): Committed {
    return this.#committed.get(topic)?.get(partition) ?? nothingCommitted;
  }

  /** Whether anything is committed, of whatever topic. */
  get hasCommitted(): boolean {
    return this.#committed.size > 0;
  }

  /** Stores offsets of a member of this generation; what refuses them, or undefined. */
  commit(
    memberId: string,
    generation: number,
    offsets: readonly (PartitionOffset & CommitDetails)[],
  ): KafkaRxError | undefined {
    const refused = this.refusal(memberId, generation, offsets);
    if (refused === undefined) for (const offset of offsets) this.setCommitted(offset, offset.offset, offset);
    return refused;
  }

  /** Why this member may not commit these offsets; undefined where it may. */
  refusal(
    memberId: string,
    generation: number,
    offsets: readonly PartitionOffset[],
  ): KafkaRxError | undefined {
    const membership = this.#members.get(memberId);
    if (membership === undefined || generation !== this.#generation) {
      return new KafkaRxError('COMMIT_REFUSED', `Group ${this.id} has gone on without this member`, {
        remedy: 'Drop the commit: what it covers is delivered again, to the partition’s owner.',
      });
    }
    const foreign = offsets.find(
      ({ topic, partition }) =>
        !membership.owned.some(owned => owned.topic === topic && owned.partition === partition),
    );
    if (foreign !== undefined) {
      return new KafkaRxError('COMMIT_REFUSED', 'The partition is assigned to another member', {
        at: { topic: foreign.topic, partition: foreign.partition, offset: foreign.offset },
        remedy: 'Drop the commit: what it covers is delivered again, to the partition’s owner.',
      });
    }
    return undefined;
  }

  /** Sets offsets unless there are members; what refuses them, or undefined. */
  reset(offsets: readonly PartitionOffset[]): KafkaRxError | undefined {
    if (this.#members.size > 0) {
      return new KafkaRxError('GROUP_ACTIVE', `Group ${this.id} has ${this.#members.size} members`, {
        remedy: 'Stop its members; after a crash, wait until the session timeout has passed',
      });
    }
    for (const offset of offsets) this.setCommitted(offset, offset.offset);
    return undefined;
  }

  /** Sets an offset whoever the owner is, as the tool for resets does. */
  setCommitted(
    { topic, partition }: TopicPartition,
    offset: number,
    { metadata = '', leaderEpoch }: CommitDetails = {},
  ): void {
    const ofTopic = this.#committed.get(topic) ?? new Map<number, Committed>();
    this.#committed.set(topic, ofTopic);
    ofTopic.set(partition, { offset, metadata, leaderEpoch });
  }

  /** The retention of committed offsets is over. */
  expire(): void {
    this.#committed.clear();
  }

  /** A deleted topic takes its committed offsets along. */
  forget(topic: string): void {
    this.#committed.delete(topic);
  }

  /** Tells a member in a deferred turn, unless it left or was put out before. */
  #tell(membership: Membership, message: () => void): void {
    this.#cluster.clock.defer(() => {
      if (this.#members.get(membership.member.memberId) === membership) message();
    }, 'group');
  }

  /** In a deferred turn, so that all who join in one turn share a generation. */
  #completeSoon(): void {
    this.#cluster.clock.defer(() => this.#complete(), 'group');
  }

  #complete(): void {
    const memberships = this.members;
    if (!this.#preparing || !this.#cluster.reachable || memberships.some(({ joined }) => !joined)) return;
    this.#preparing = false;
    this.#generation++;
    const assignment = assign({
      members: memberships.map(({ member, owned }) => ({
        memberId: member.memberId,
        topics: member.topics,
        owned,
      })),
      partitions: this.#cluster.partitionCounts(),
      coPartitioned: memberships.flatMap(({ member }) => member.coPartitioned),
    });
    for (const membership of this.#members.values()) {
      const { member } = membership;
      const generation = this.#generation;
      const owned = assignment.get(member.memberId) ?? [];
      membership.owned = owned;
      membership.joined = false;
      this.#tell(membership, () => member.assign(generation, owned));
    }
  }
}
