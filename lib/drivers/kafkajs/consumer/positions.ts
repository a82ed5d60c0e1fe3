import { partitionKey } from '../../../base/partition-key.js';
import type { KafkaRxError } from '../../../errors/errors.js';
import { GroupBeginning } from '../../group-beginning.js';
import type { ConsumerOptions, DriverContext, TopicPartition } from '../../port.js';
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
  readonly failed: (error: KafkaRxError) => void;
}

/** Partitions that begin at the same place of their logs. */
type Beginning = (partition: TopicPartition) => number;

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
  /** Where a partition goes on after the next assignment, whatever is committed. */
  readonly #resets = new Map<string, number>();

  constructor(context: PositionsContext) {
    this.#context = context;
    const { driver, assignment, queries, subscribed, offsetReset, rejoin } = context;
    this.presence = new TopicPresence({
      driver,
      assignment,
      subscribed,
      topics: names => queries.topics(names),
      madeAnew: (state, topicId) => {
        if (state.position === undefined) state.topicId = topicId;
        else if (offsetReset === 'fail') this.#refuse(state);
        else this.#beginAnew(state, topicId);
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
    begins: (state: PartitionState, offset: number) => void,
  ): Promise<void> {
    const { options, membership } = this.#context;
    const asked = states.filter(state => state.position === undefined || state.topicId === undefined);
    if (asked.length === 0) return;
    const epochs = new Map(asked.map(state => [state, state.epoch]));
    const unknown = (await this.#identify(cluster, asked)).filter(state => state.position === undefined);
    if (unknown.length === 0) return;
    const all = await committedOffsets(await membership.coordinator(), options.groupId, unknown);
    const committed = (state: PartitionState): Committed => committedFor(all(state), state.topicId);
    const fresh = unknown.filter(state => committed(state).offset < 0 && this.#began(state) === undefined);
    const start = await this.#startOf(broker, fresh);
    const wanted = await whereToBegin(options, unknown, committed);
    for (const state of unknown) {
      // Sought or assigned anew in the meantime: then what was looked up is of another epoch.
      if (state.epoch !== epochs.get(state) || state.position !== undefined) continue;
      const { topicId = '', partition } = state;
      const { offset: last } = committed(state);
      if (last >= 0) this.#beginning.isOver(topicId, partition);
      else this.#beginning.begins(topicId, partition, this.#began(state) ?? start(state));
      const key = partitionKey(state);
      const known = this.#resets.get(key) ?? wanted.get(state) ?? (last >= 0 ? last : undefined);
      this.#resets.delete(key);
      const position = known ?? this.#began(state) ?? start(state);
      state.position = position;
      // Nobody has committed where it begins, and the next start would be elsewhere, or take the group for a new one; or what was to
      // be read has expired, and with nothing behind it no record would say that the group has come so far.
      if ((last < 0 && options.startFrom !== 'earliest') || position > Math.max(last, 0))
        begins(state, position);
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

  #began({ topicId = '', partition }: PartitionState): number | undefined {
    return this.#beginning.began(topicId, partition);
  }

  /** Where those begin of which the group has no offset: as `startFrom` says in a new group, else at their first record. */
  async #startOf(broker: Broker, fresh: readonly PartitionState[]): Promise<Beginning> {
    const { startFrom, readCommitted } = this.#context.options;
    const isFirst = ({ topicId = '', partition }: PartitionState): boolean =>
      this.#beginning.isFirst(topicId, partition);
    const first = fresh.filter(isFirst);
    const younger = fresh.filter(state => !isFirst(state));
    const found = new Map<string, number>();
    for (const [states, at] of [
      [first, startFrom],
      [younger, 'earliest'],
    ] as const) {
      if (states.length === 0) continue;
      const offsetOf = await offsetsAt(broker, states, at, readCommitted);
      for (const state of states) found.set(partitionKey(state), offsetOf(state));
    }
    return partition => found.get(partitionKey(partition)) ?? 0;
  }

  /** Notes which topics these are of; returns those that exist. */
  async #identify(cluster: Cluster, states: readonly PartitionState[]): Promise<PartitionState[]> {
    const { topics } = await describeTopics(cluster, [...new Set(states.map(({ topic }) => topic))]);
    return states.filter(state => {
      const found = topics.find(({ name }) => name === state.topic);
      state.topicId = found?.id;
      if (found !== undefined && state.partition < found.partitions) return true;
      this.presence.suspect(state.topic);
      return false;
    });
  }

  /** Of the new topic, which has the name now. */
  #beginAnew(state: PartitionState, topicId: string): void {
    if (state.begun) state.madeAnew = true;
    else state.topicId = topicId;
    this.#reset(state, 0);
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
    this.#resets.set(partitionKey(state), to);
    rejoin();
  }

  #refuse(state: PartitionState): void {
    this.#context.failed(positionGone(state, state.position ?? -1));
  }
}
