import { partitionKey } from '../../../base/partition-key.js';
import type { KafkaRxError } from '../../../errors/errors.js';
import { GroupBeginning } from '../../group-beginning.js';
import type { ConsumerOptions, DriverContext, TopicPartition } from '../../port.js';
import type { ReadPartition } from '../../read-partition.js';
import { type Committed, committedFor } from '../../topic-commits.js';
import {
  committedOffsets,
  describeTopics,
  hasCommitted,
  offsetsAt,
  whereToBegin,
} from '../cluster/cluster-queries.js';
import type { Broker } from '../internals/broker.js';
import type { Cluster } from '../internals/cluster.js';
import type { ClusterQueries } from '../kafkajs-path.js';
import type { OffsetReset } from '../options.js';
import type { Assignment, PartitionState } from './assignment.js';
import type { Membership } from './membership.js';
import { announceReset, positionGone } from './offset-reset.js';
import { TopicPresence } from './topic-presence.js';

export interface PositionsContext {
  readonly driver: DriverContext;
  readonly options: ConsumerOptions;
  readonly offsetReset: OffsetReset;
  readonly assignment: Assignment;
  readonly membership: Membership;
  readonly queries: ClusterQueries;
  readonly subscribed: () => readonly string[];
  readonly rejoin: () => void;
  /** Told while the app is asked where partitions begin, for which nothing is fetched. */
  readonly asking: <T>(work: Promise<T>) => Promise<T>;
  readonly failed: (error: KafkaRxError) => void;
}

/** Where partitions begin of which the group has no offset. */
type Beginning = (partition: TopicPartition) => number;

/** A partition whose position is looked up, for the epoch and the topic that it had when that began. */
export interface Sought extends ReadPartition {
  readonly state: PartitionState;
}

/**
 * Where each partition is read from. kafkajs's own positions are not used: it "repairs" an offset out of range by
 * committing another one, without a word and even with `autoCommit: false`
 * (src/consumer/offsetManager/index.js, setDefaultOffset). Here a position moves by what was fetched, by `seek`, or by
 * a reset that is announced.
 */
export class Positions {
  readonly presence: TopicPresence;
  readonly #context: PositionsContext;
  readonly #beginning = new GroupBeginning();
  /** Where a partition goes on after the next assignment, whatever is committed; of the topic with that id alone. */
  readonly #resets = new Map<string, { readonly topicId: string | undefined; readonly to: number }>();

  constructor(context: PositionsContext) {
    this.#context = context;
    const { driver, assignment, queries, subscribed, offsetReset, rejoin } = context;
    this.presence = new TopicPresence({
      driver,
      assignment,
      subscribed,
      topics: names => queries.topics(names),
      madeAnew: state => {
        if (state.position !== undefined && offsetReset === 'fail') this.#refuse(state);
        else this.#beginAnew(state);
      },
      fewerPartitions: rejoin,
    });
  }

  /** Before the first join: finds the group as it is without this member. Nothing to ask where all begins at the earliest. */
  async comeTo(coordinator: Broker): Promise<void> {
    const { options, queries, subscribed } = this.#context;
    if (options.startFrom === 'earliest') return;
    await this.#beginning.look(async () => ({
      hasOffsets: await hasCommitted(coordinator, options.groupId),
      topics: await queries.topics(subscribed()),
    }));
  }

  /** Another assignment: what was to become of partitions that went elsewhere is their owners' affair. */
  assigned(partitions: readonly TopicPartition[]): void {
    const kept = new Set(partitions.map(partitionKey));
    for (const key of this.#resets.keys()) if (!kept.has(key)) this.#resets.delete(key);
    this.presence.assigned();
  }

  /**
   * Finds the position of those partitions of this broker that have none yet.
   *
   * @param begins hears of those that begin at a place that is lost with the process unless somebody commits it
   */
  async resolve(
    broker: Broker,
    cluster: Cluster,
    states: readonly PartitionState[],
    begins: (partition: Sought, offset: number) => void,
  ): Promise<void> {
    const { options, membership, asking } = this.#context;
    const asked = states.filter(state => state.position === undefined || state.topicId === undefined);
    if (asked.length === 0) return;
    const unknown = (await this.#identify(cluster, asked)).filter(
      ({ state }) => state.position === undefined,
    );
    if (unknown.length === 0) return;
    const all = await committedOffsets(await membership.coordinator(), options.groupId, unknown);
    const committed = (sought: Sought): Committed => committedFor(all(sought), sought.topicId);
    const fresh = unknown.filter(sought => committed(sought).offset < 0 && this.#began(sought) === undefined);
    const start = await this.#startOf(broker, fresh);
    const wanted = await asking(whereToBegin(options, unknown, committed));
    for (const [i, sought] of unknown.entries()) {
      const { state, topicId, partition } = sought;
      // Sought, assigned or made anew in the meantime: then what was looked up is of another epoch, or of another topic.
      if (state.epoch !== sought.epoch || state.topicId !== topicId || state.position !== undefined) continue;
      const { offset: last } = committed(sought);
      if (last >= 0) this.#beginning.isOver(topicId, partition);
      else this.#beginning.begins(topicId, partition, this.#began(sought) ?? start(sought));
      const key = partitionKey(state);
      const reset = this.#resets.get(key);
      this.#resets.delete(key);
      const moved = reset?.topicId === topicId ? reset.to : undefined;
      const known = moved ?? wanted[i] ?? (last >= 0 ? last : undefined);
      const position = known ?? this.#began(sought) ?? start(sought);
      state.position = position;
      // Nobody has committed where it begins, and the next start would be elsewhere, or take the group for a new one; or what was to
      // be read has expired, and with nothing behind it no record would say that the group has come so far.
      if ((last < 0 && options.startFrom !== 'earliest') || position > Math.max(last, 0))
        begins(sought, position);
    }
  }

  /** The broker does not have the position: announces where it goes on, or fails, as the options say. */
  async outOfRange(broker: Broker, state: PartitionState): Promise<void> {
    const { offsetReset, options } = this.#context;
    // The usual reason, of a topic that was made anew: it begins at its own first record.
    const { position } = state;
    await this.presence.confirm(new Set([state.topic]));
    if (state.halted || state.position !== position) return;
    if (offsetReset === 'fail') return this.#refuse(state);
    const at = await offsetsAt(broker, [state], offsetReset, options.readCommitted);
    this.#reset(state, at(state));
  }

  /** kafkajs's metadata has no such topic. */
  topicAbsent(topic: string): void {
    this.presence.suspect(topic);
    // A failure is one of infrastructure: the next answer that lacks the topic asks again.
    this.presence.check().catch(() => {});
  }

  #began({ topicId, partition }: Sought): number | undefined {
    return this.#beginning.began(topicId, partition);
  }

  /** Where those begin of which the group has no offset: as `startFrom` says in a new group, else at their first record. */
  async #startOf(broker: Broker, fresh: readonly Sought[]): Promise<Beginning> {
    const { startFrom, readCommitted } = this.#context.options;
    const isFirst = ({ topicId, partition }: Sought): boolean => this.#beginning.isFirst(topicId, partition);
    const first = fresh.filter(isFirst);
    const younger = fresh.filter(sought => !isFirst(sought));
    const found = new Map<string, number>();
    for (const [sought, at] of [
      [first, startFrom],
      [younger, 'earliest'],
    ] as const) {
      if (sought.length === 0) continue;
      const offsetOf = await offsetsAt(broker, sought, at, readCommitted);
      for (const one of sought) found.set(partitionKey(one), offsetOf(one));
    }
    return partition => found.get(partitionKey(partition)) ?? 0;
  }

  /** Notes which topics these are of; returns those that exist. */
  async #identify(cluster: Cluster, states: readonly PartitionState[]): Promise<Sought[]> {
    const { topics } = await describeTopics(cluster, [...new Set(states.map(({ topic }) => topic))]);
    return states.flatMap(state => {
      const { topic, partition, epoch } = state;
      const found = topics.find(({ name }) => name === topic);
      state.topicId = found?.id;
      if (found !== undefined && partition < found.partitions)
        return [{ topic, partition, epoch, topicId: found.id, state }];
      this.presence.suspect(topic);
      return [];
    });
  }

  /**
   * The name is another topic's now: where that begins is for its own offsets, the stores and `startFrom` to say, as for any that is
   * assigned. What was fetched of the old one is not handed out any more.
   */
  #beginAnew(state: PartitionState): void {
    if (state.halted) return;
    if (state.position !== undefined) announceReset(this.#context.driver, state, state.position, 0);
    state.parked = undefined;
    if (state.begun) {
      state.madeAnew = true;
      state.halted = true;
      this.#context.rejoin();
      return;
    }
    state.position = undefined;
    state.topicId = undefined;
  }

  /**
   * A position that moves by itself needs a new epoch, since commit points within one never go back. Where records of
   * this epoch are out already, that is an assignment: the group is joined again, after a drain.
   */
  #reset(state: PartitionState, to: number): void {
    const { driver, rejoin } = this.#context;
    if (state.halted) return;
    announceReset(driver, state, state.position ?? -1, to);
    this.#beginning.isOver(state.topicId ?? '', state.partition);
    if (!state.begun) {
      state.position = to;
      return;
    }
    state.halted = true;
    state.parked = undefined;
    this.#resets.set(partitionKey(state), { topicId: state.topicId, to });
    rejoin();
  }

  #refuse(state: PartitionState): void {
    this.#context.failed(positionGone(state, state.position ?? -1));
  }
}
