import { partitionKey } from '../../../base/partition-key.js';
import type { KafkaRxError } from '../../../errors/errors.js';
import { GroupBeginning } from '../../group-beginning.js';
import type { EpochEnd } from '../../lineage.js';
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
import { announceReset, announceTruncation, logTruncated, positionGone } from './offset-reset.js';
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

/** Of a leader, where brokers do not tell it. */
const unknownEpoch = -1;

/** Where partitions begin of which the group has no offset. */
type Beginning = (partition: TopicPartition) => number;

/** A partition whose position is looked up, for the epoch and the topic that it had when that began. */
export interface Sought extends ReadPartition {
  readonly state: PartitionState;
}

/** Whether something of it is to be looked up before it is fetched. */
export function isUnresolved({ position, topicId, leaderEpoch }: PartitionState): boolean {
  return position === undefined || topicId === undefined || leaderEpoch === undefined;
}

/** Where a partition goes on when it is looked up next; of the topic with that id alone. */
interface Reset {
  readonly topicId: string | undefined;
  readonly to: number;
  /** The log was truncated there, and is of this leader's epoch below: it goes on there at the latest, and the app hears of it. */
  readonly truncated: { readonly epoch: number } | undefined;
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
  /** Whatever is committed. */
  readonly #resets = new Map<string, Reset>();

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
   * @returns those that are to be asked about again, since a transaction that is not decided holds an offset of theirs
   */
  async resolve(
    broker: Broker,
    cluster: Cluster,
    states: readonly PartitionState[],
    begins: (partition: Sought, offset: number) => void,
  ): Promise<readonly Sought[]> {
    const { options, membership, asking } = this.#context;
    const asked = states.filter(isUnresolved);
    if (asked.length === 0) return [];
    // The wait may have ended the epoch, and the gate of the next is closed.
    const without = (await this.#identify(cluster, asked)).filter(
      ({ state }) => state.position === undefined && state.gate === undefined,
    );
    if (without.length === 0) return [];
    const all = await committedOffsets(await membership.coordinator(), options.groupId, without, true);
    const undecided = without.filter(sought => all(sought).undecided);
    const unknown = without.filter(sought => !all(sought).undecided);
    const committed = (sought: Sought): Committed => {
      const last = committedFor(all(sought), sought.topicId);
      const cut = this.#truncation(sought);
      // What was lost was committed for nothing.
      return cut === undefined || last.offset < cut.to
        ? last
        : { ...last, offset: cut.to, leaderEpoch: cut.truncated.epoch };
    };
    const fresh = unknown.filter(sought => committed(sought).offset < 0 && this.#began(sought) === undefined);
    const start = await this.#startOf(broker, fresh);
    const wanted = await asking(whereToBegin(options, unknown, committed, at => this.#truncation(at)?.to));
    for (const [i, sought] of unknown.entries()) {
      const { state, topicId, partition } = sought;
      // Sought, assigned or made anew in the meantime: then what was looked up is of another epoch, or of another topic.
      if (state.epoch !== sought.epoch || state.topicId !== topicId || state.position !== undefined) continue;
      const { offset: last, leaderEpoch } = committed(sought);
      if (last >= 0) this.#beginning.isOver(topicId, partition);
      else this.#beginning.begins(topicId, partition, this.#began(sought) ?? start(sought));
      const reset = this.#resetOf(sought);
      const cut = reset?.truncated;
      this.#resets.delete(partitionKey(state));
      const moved = cut === undefined ? reset?.to : undefined;
      const known = moved ?? wanted[i] ?? (last >= 0 ? last : undefined);
      const found = known ?? this.#began(sought) ?? start(sought);
      // A truncation moves back what was read; what was handed out and is not committed comes again.
      const position = cut === undefined ? found : Math.min(found, reset?.to ?? found);
      state.position = position;
      // The epoch of what was committed holds for what is below it too; a reset begins where nothing is known.
      const isKnown = position <= last && (reset === undefined || cut !== undefined);
      state.lineage.goOn(isKnown ? leaderEpoch : cut?.epoch, isKnown ? last : undefined);
      // Nobody has committed where it begins, and the next start would be elsewhere, or take the group for a new one; or what was to
      // be read has expired, and with nothing behind it no record would say that the group has come so far.
      if ((last < 0 && options.startFrom !== 'earliest') || position > Math.max(last, 0))
        begins(sought, position);
    }
    return undecided;
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

  /**
   * The log does not go on from what was read, since it was truncated: announces up to where it is the same, and goes on there, or
   * fails, as the options say. What the app keeps is asked about again, in another epoch where records of this one are out.
   */
  diverged(state: PartitionState, end: EpochEnd): void {
    const { driver, offsetReset, rejoin, failed } = this.#context;
    const { position: from, topicId } = state;
    if (state.halted || from === undefined) return;
    const to = state.lineage.commonWith(end, from);
    if (to >= from) {
      // The past differs, and nobody can tell from where on.
      const { topic, partition } = state;
      driver.logger.warn({ topic, partition, offset: from }, 'records below the position may have been lost');
      state.lineage.goOn(end.epoch);
      return;
    }
    if (offsetReset === 'fail') {
      failed(logTruncated(state, { from, to }));
      return;
    }
    announceTruncation(driver, state, { from, to });
    this.#resets.set(partitionKey(state), { topicId, to, truncated: { epoch: end.epoch } });
    if (!state.begun) {
      state.position = undefined;
      return;
    }
    state.halted = true;
    state.parked = undefined;
    rejoin();
  }

  /** kafkajs's metadata has no such topic. */
  topicAbsent(topic: string): void {
    this.presence.suspect(topic);
    // A failure is one of infrastructure: the next answer that lacks the topic asks again.
    this.presence.check().catch(() => {});
  }

  #resetOf(sought: Sought): Reset | undefined {
    const reset = this.#resets.get(partitionKey(sought));
    return reset?.topicId === sought.topicId ? reset : undefined;
  }

  #truncation(sought: Sought): (Reset & { readonly truncated: object }) | undefined {
    const reset = this.#resetOf(sought);
    return reset?.truncated === undefined ? undefined : { ...reset, truncated: reset.truncated };
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

  /** Notes which topics these are of, and the epochs of their leaders; returns those that exist. */
  async #identify(cluster: Cluster, states: readonly PartitionState[]): Promise<Sought[]> {
    const { topics } = await describeTopics(cluster, [...new Set(states.map(({ topic }) => topic))]);
    return states.flatMap(state => {
      const { topic, partition, epoch } = state;
      const found = topics.find(({ name }) => name === topic);
      if (state.position !== undefined && state.topicId !== undefined && state.topicId !== found?.id) {
        this.presence.suspect(topic);
        return [];
      }
      state.topicId = found?.id;
      state.leaderEpoch = found?.leaderEpochs[partition] ?? unknownEpoch;
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
    if (state.position !== undefined)
      announceReset(this.#context.driver, state, { from: state.position, to: 0 });
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
    announceReset(driver, state, { from: state.position ?? -1, to });
    this.#beginning.isOver(state.topicId ?? '', state.partition);
    if (!state.begun) {
      state.position = to;
      state.lineage.goOn(undefined);
      return;
    }
    state.halted = true;
    state.parked = undefined;
    this.#resets.set(partitionKey(state), { topicId: state.topicId, to, truncated: undefined });
    rejoin();
  }

  #refuse(state: PartitionState): void {
    this.#context.failed(positionGone(state, state.position ?? -1));
  }
}
