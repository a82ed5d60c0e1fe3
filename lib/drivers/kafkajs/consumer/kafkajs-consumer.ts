import { within } from '../../../base/clock.js';
import { KafkaRxError } from '../../../errors/errors.js';
import type { Gates } from '../../gates.js';
import type {
  AssignedPartition,
  ConsumerListener,
  ConsumerOptions,
  DriverConsumer,
  DriverContext,
  OffsetCommit,
  Standstill,
  TopicPartition,
} from '../../port.js';
import type { StoredCommit } from '../../topic-commits.js';
import { kindOf } from '../errors.js';
import type { GroupGeneration } from '../internals/broker.js';
import type { Cluster } from '../internals/cluster.js';
import type { ClusterQueries } from '../kafkajs-path.js';
import type { Settings } from '../options.js';
import { Assignment, type PartitionState } from './assignment.js';
import { heartbeatIntervalOf } from './consumer-config.js';
import { ConsumerSessions, type SessionEvents } from './consumer-sessions.js';
import { GroupSession } from './group-session.js';
import { Membership } from './membership.js';
import { OffsetCommitter } from './offset-committer.js';
import { PartitionFetcher } from './partition-fetcher.js';
import { partitionGates } from './partition-gates.js';
import { Positions } from './positions.js';
import { Standstills } from './standstills.js';

/** How long the coordinator has to hear that the member leaves. */
const leaveBoundMs = 3_000;

/**
 * A member of a consumer group on kafkajs: the sessions that it goes through, and what lasts beyond them.
 *
 * Its parts: {@link ConsumerSessions} opens one {@link GroupSession} after the other, a kafkajs consumer each;
 * {@link Membership} drains before each join; {@link PartitionFetcher} fetches and hands out; {@link Positions} knows
 * from where; {@link OffsetCommitter} commits.
 */
export class KafkajsConsumer implements DriverConsumer {
  readonly #driver: DriverContext;
  readonly #settings: Settings;
  readonly #options: ConsumerOptions;
  readonly #listener: ConsumerListener;
  /** The cluster of producer and admin: a way to the group that does not stand on this consumer's connections. */
  readonly #outside: Cluster;
  readonly #assignment = new Assignment();
  readonly #sessions: ConsumerSessions<GroupSession>;
  readonly #membership: Membership;
  readonly #positions: Positions;
  readonly #gates: Gates<PartitionState>;
  readonly #standstills: Standstills;
  readonly #fetcher: PartitionFetcher;
  readonly #committer: OffsetCommitter;
  #stopped: Promise<void> | undefined;
  #lateLeave: Promise<void> | undefined;

  constructor(
    driver: DriverContext,
    settings: Settings,
    outside: Cluster,
    queries: ClusterQueries,
    options: ConsumerOptions,
    listener: ConsumerListener,
  ) {
    this.#driver = driver;
    this.#settings = settings;
    this.#outside = outside;
    this.#options = options;
    this.#listener = listener;
    const rejoin = (): void => this.#fetcher.rejoin();
    const failed = (error: KafkaRxError): void => this.#sessions.fail(error);
    const assignment = this.#assignment;
    this.#sessions = new ConsumerSessions(
      {
        driver,
        listener,
        queries,
        make: (topics, events) => this.#makeSession(topics, events),
        joined: partitions => this.#joined(partitions),
        ended: () => this.#membership.forgetCoordinator(),
        replace: (before, open) => this.#replace(before, open),
        stop: () => this.stop(),
      },
      options.topics,
    );
    this.#membership = new Membership({
      driver,
      options,
      listener,
      assignment,
      heartbeatIntervalMs: heartbeatIntervalOf(settings, options),
      namedTooLate: memberId => {
        this.#lateLeave = this.#leave(memberId);
      },
      joining: coordinator => this.#positions.comeTo(coordinator),
      findCoordinator: () =>
        this.#sessions.current?.findCoordinator() ??
        Promise.reject(new KafkaRxError('DRIVER', 'No session', { retriable: true })),
      rejoin,
      rejoinWanted: () => this.#fetcher.rejoinWanted,
      confirmed: () => {
        this.#fetcher.handOutAllParked();
        this.#listener.confirmed();
      },
      heard: failure => this.#sessions.setConnected(failure),
    });
    this.#standstills = new Standstills({
      clock: driver.clock,
      assignment,
      maxWaitMs: settings.maxWaitMs,
      readCommitted: options.readCommitted,
      isGone: state => this.#positions.presence.isGone(state),
    });
    this.#gates = partitionGates(driver, options, assignment, {
      opened: state => {
        this.#standstills.goesOn(state);
        this.#fetcher.wake();
      },
      failed,
    });
    this.#positions = new Positions({
      driver,
      asking: work => this.#standstills.excused(work),
      options,
      offsetReset: settings.offsetReset,
      assignment,
      membership: this.#membership,
      queries,
      subscribed: () => this.#sessions.topics,
      rejoin,
      failed,
    });
    this.#fetcher = new PartitionFetcher({
      driver,
      options,
      settings,
      listener,
      assignment,
      term: this.#membership.term,
      positions: this.#positions,
      standstills: this.#standstills,
      failed,
    });
    this.#committer = new OffsetCommitter({
      driver,
      assignment,
      queries,
      open: () => this.#membership.openCommit(),
    });
  }

  get confirmedUntil(): number {
    return this.#membership.term.until;
  }

  start(): Promise<void> {
    return this.#sessions.start();
  }

  subscribe(topics: readonly string[]): Promise<void> {
    return this.#sessions.subscribe(topics);
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const state = this.#assignment.get(partition);
      if (state !== undefined) state.paused = true;
    }
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const state = this.#assignment.get(partition);
      if (state === undefined || !state.paused) continue;
      state.paused = false;
      state.caughtUp = 'unknown';
      this.#standstills.goesOn(state);
      this.#driver.clock.defer(() => this.#fetcher.handOutParked(partition));
    }
    this.#fetcher.wake();
  }

  seek(partition: TopicPartition, offset: number): number {
    const epoch = this.#assignment.seek(partition, offset);
    this.#fetcher.wake();
    return epoch;
  }

  rewind(partitions: readonly TopicPartition[]): readonly AssignedPartition[] {
    const states = this.#assignment.rewind(partitions);
    for (const state of states) this.#standstills.goesOn(state);
    this.#gates.close(states);
    // Nothing of the app is called inside a call into the port.
    this.#driver.clock.defer(() => this.#gates.ask(states));
    this.#fetcher.wake();
    return states.map(({ topic, partition, epoch }) => ({ topic, partition, epoch }));
  }

  commit(offsets: readonly OffsetCommit[]): Promise<void> {
    return this.#committer.commit(offsets);
  }

  /** The member under which these offsets may be committed; throws `COMMIT_REFUSED` where they may not. */
  memberFor(offsets: readonly OffsetCommit[]): GroupGeneration {
    this.#committer.refuseStale(offsets);
    return this.#membership.generation;
  }

  /** @see OffsetCommitter.labelled */
  labelled(offsets: readonly OffsetCommit[]): readonly StoredCommit[] {
    return this.#committer.labelled(offsets);
  }

  standstills(): readonly Standstill[] {
    return this.#standstills.list();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const started = this.#sessions.stop();
    const { memberId } = this.#membership;
    this.#assignment.clear();
    this.#membership.leave();
    // Rejections are calls out of this one; nobody is to hear of it within `stop`.
    await Promise.resolve();
    this.#sessions.rejectWaiting();
    if (!started) return;
    await Promise.all([this.#sessions.current?.close(), this.#leave(memberId)]);
    await this.#lateLeave;
  }

  /**
   * Leaves through the outside cluster: on the consumer's own connection the request would wait behind a JoinGroup
   * that is held by the coordinator, which answers one connection's requests in order.
   */
  async #leave(memberId: string): Promise<void> {
    if (memberId === '') return;
    const { groupId } = this.#options;
    const left = this.#outside
      .findGroupCoordinator({ groupId })
      .then(coordinator => coordinator.leaveGroup({ groupId, memberId }));
    try {
      await within(this.#driver.clock, left, leaveBoundMs);
    } catch (error) {
      this.#driver.logger.info(
        { reason: kindOf(error) },
        'the group was not told of leaving; the session will run out',
      );
    }
  }

  #makeSession(topics: readonly string[], events: SessionEvents): GroupSession {
    return new GroupSession({
      ...events,
      driver: this.#driver,
      settings: this.#settings,
      options: this.#options,
      topics,
      membership: this.#membership,
      fetcher: this.#fetcher,
      absentTopic: topic => this.#positions.topicAbsent(topic),
    });
  }

  /** The new session's first join drains, as every join does. Until then the old one only keeps its connections. */
  #replace(before: GroupSession | undefined, open: () => Promise<void>): Promise<void> {
    this.#membership.forgetCoordinator();
    const joined = open();
    void before?.close();
    return joined;
  }

  #joined(partitions: readonly TopicPartition[]): void {
    this.#fetcher.joined();
    this.#standstills.begin();
    this.#positions.assigned(partitions);
    const assigned = this.#assignment.replace(partitions);
    this.#gates.close(this.#assignment.states());
    this.#membership.assigned(assigned);
    this.#listener.assigned(assigned);
    this.#gates.ask(this.#assignment.states());
  }
}
