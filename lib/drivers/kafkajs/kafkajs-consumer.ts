import { type Timer, within } from '../../clock.js';
import { KafkaRxError } from '../../errors.js';
import type {
  ConsumerListener,
  ConsumerOptions,
  DriverConsumer,
  DriverContext,
  OffsetCommit,
  TopicPartition,
} from '../port.js';
import { Assignment } from './assignment.js';
import { backoffMs } from './backoff.js';
import { describeTopics } from './cluster-queries.js';
import { closedError, fatalErrorOf, kindOf, missingTopics, passingError } from './errors.js';
import { GroupSession, heartbeatIntervalOf } from './group-session.js';
import type { Cluster } from './internals.js';
import { Membership } from './membership.js';
import { OffsetCommitter } from './offset-committer.js';
import type { Settings } from './options.js';
import { PartitionFetcher } from './partition-fetcher.js';
import { Positions } from './positions.js';

/** Between two sessions, milliseconds at most. */
const restartCapMs = 5_000;
/** How long the coordinator has to hear that the member leaves. */
const leaveBoundMs = 3_000;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: KafkaRxError) => void;
}

/**
 * A member of a consumer group on kafkajs: the sessions that it goes through, and what lasts beyond them.
 *
 * Its parts: {@link GroupSession} is one kafkajs consumer; {@link Membership} drains before each join;
 * {@link PartitionFetcher} fetches and hands out; {@link Positions} knows from where; {@link OffsetCommitter} commits.
 */
export class KafkajsConsumer implements DriverConsumer {
  readonly #driver: DriverContext;
  readonly #settings: Settings;
  readonly #options: ConsumerOptions;
  readonly #listener: ConsumerListener;
  /** The cluster of producer and admin: a way to the group that does not stand on this consumer's connections. */
  readonly #outside: Cluster;
  readonly #assignment = new Assignment();
  readonly #membership: Membership;
  readonly #positions: Positions;
  readonly #fetcher: PartitionFetcher;
  readonly #committer: OffsetCommitter;
  #topics: readonly string[];
  #state: 'new' | 'running' | 'stopped' = 'new';
  #session: GroupSession | undefined;
  #failures = 0;
  #connected = true;
  #restart: Timer | undefined;
  #waiting: Waiting[] = [];
  #stopped: Promise<void> | undefined;
  #lateLeave: Promise<void> | undefined;

  constructor(
    driver: DriverContext,
    settings: Settings,
    outside: Cluster,
    options: ConsumerOptions,
    listener: ConsumerListener,
  ) {
    this.#driver = driver;
    this.#settings = settings;
    this.#outside = outside;
    this.#options = options;
    this.#listener = listener;
    this.#topics = options.topics;
    const rejoin = (): void => this.#fetcher.rejoin();
    const failed = (error: KafkaRxError): void => this.#fail(error);
    const assignment = this.#assignment;
    this.#membership = new Membership({
      driver,
      options,
      listener,
      assignment,
      heartbeatIntervalMs: heartbeatIntervalOf(settings, options),
      namedTooLate: memberId => {
        this.#lateLeave = this.#leave(memberId);
      },
      findCoordinator: () =>
        this.#session?.findCoordinator() ??
        Promise.reject(new KafkaRxError('DRIVER', 'No session', { retriable: true })),
      rejoin,
      rejoinWanted: () => this.#fetcher.rejoinWanted,
      confirmed: () => {
        this.#fetcher.handOutAllHeld();
        this.#listener.confirmed();
      },
      heard: failure => this.#setConnected(failure),
    });
    this.#positions = new Positions({
      driver,
      options,
      offsetReset: settings.offsetReset,
      assignment,
      membership: this.#membership,
      rejoin,
      failed,
    });
    this.#fetcher = new PartitionFetcher({
      driver,
      options,
      settings,
      listener,
      assignment,
      session: this.#membership.session,
      positions: this.#positions,
      failed,
    });
    this.#committer = new OffsetCommitter(driver.clock, assignment, this.#membership);
  }

  get confirmedUntil(): number {
    return this.#membership.session.until;
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') throw closedError('consumer');
    this.#state = 'running';
    await this.#requireTopics(this.#topics);
    return this.#openAndJoin();
  }

  async subscribe(topics: readonly string[]): Promise<void> {
    if (this.#state === 'stopped') throw closedError('consumer');
    const same = topics.length === this.#topics.length && topics.every(topic => this.#topics.includes(topic));
    if (same) return;
    if (this.#state === 'new') {
      this.#topics = topics;
      return;
    }
    await this.#requireTopics(topics);
    this.#topics = topics;
    const before = this.#session;
    // kafkajs takes no other subscription while it runs, so the member goes on in a new session: its first join
    // drains, as every join does. Until then the old one only keeps its connections.
    this.#membership.forgetCoordinator();
    const joined = this.#openAndJoin();
    void before?.close();
    return joined;
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
      this.#driver.clock.defer(() => this.#fetcher.handOutHeld(partition));
    }
    this.#fetcher.wake();
  }

  seek(partition: TopicPartition, offset: number): number {
    const epoch = this.#assignment.seek(partition, offset);
    if (epoch === undefined) {
      throw new KafkaRxError('DRIVER', 'A partition that is not assigned has no position to move', {
        at: { topic: partition.topic, partition: partition.partition, offset },
        remedy: 'Seek after `assigned`, and not after `lost`.',
      });
    }
    this.#fetcher.wake();
    return epoch;
  }

  commit(offsets: readonly OffsetCommit[]): Promise<void> {
    return this.#committer.commit(offsets);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const started = this.#state !== 'new';
    this.#state = 'stopped';
    const { memberId } = this.#membership;
    this.#restart?.cancel();
    this.#assignment.clear();
    this.#membership.leave();
    // Rejections are calls out of this one; nobody is to hear of it within `stop`.
    await Promise.resolve();
    this.#settle(waiting => waiting.reject(closedError('consumer')));
    if (!started) return;
    await Promise.all([this.#session?.close(), this.#leave(memberId)]);
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

  /** Opens a session and resolves once its first assignment was handed over. */
  #openAndJoin(): Promise<void> {
    // Stopped while the topics were looked up.
    if (this.#state !== 'running') return Promise.reject(closedError('consumer'));
    const joined = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    this.#open();
    return joined;
  }

  #open(): void {
    if (this.#state !== 'running') return;
    const session: GroupSession = new GroupSession({
      driver: this.#driver,
      settings: this.#settings,
      options: this.#options,
      topics: this.#topics,
      membership: this.#membership,
      fetcher: this.#fetcher,
      absentTopic: topic => this.#positions.suspect(topic),
      joined: partitions => {
        if (session === this.#session) this.#joined(partitions);
      },
      ended: error => {
        if (session === this.#session) this.#sessionEnded(error);
      },
    });
    this.#session = session;
    void session.run();
  }

  #joined(partitions: readonly TopicPartition[]): void {
    if (this.#state !== 'running') return;
    this.#failures = 0;
    this.#setConnected(undefined);
    this.#fetcher.joined();
    const assigned = this.#assignment.replace(partitions);
    this.#membership.assigned(assigned);
    this.#listener.assigned(assigned);
    this.#settle(waiting => waiting.resolve());
  }

  #sessionEnded(error: unknown): void {
    if (this.#state !== 'running') return;
    const fatal = fatalErrorOf(error);
    if (fatal !== undefined) {
      this.#fail(fatal);
      return;
    }
    const attempt = ++this.#failures;
    const delayMs = backoffMs(attempt, restartCapMs);
    const { clock, event, logger } = this.#driver;
    logger.warn({ attempt, delayMs, reason: kindOf(error) }, 'consumer session ended; opening another');
    this.#setConnected(error);
    event({ type: 'retrying', what: 'consumer session', attempt, delayMs });
    this.#membership.forgetCoordinator();
    this.#restart = clock.schedule(() => this.#open(), delayMs);
  }

  /** Tells once when the group is out of reach, and once when it is back. */
  #setConnected(failure: unknown): void {
    const connected = failure === undefined;
    if (connected === this.#connected || this.#state !== 'running') return;
    this.#connected = connected;
    const error = passingError('DRIVER', 'The group cannot be reached', failure);
    this.#driver.event(connected ? { type: 'connected' } : { type: 'disconnected', error });
  }

  /** For good: the caller that waits hears it, otherwise the listener. */
  #fail(error: KafkaRxError): void {
    if (this.#state !== 'running') return;
    const waiting = this.#waiting.length > 0;
    this.#settle(({ reject }) => reject(error));
    void this.stop();
    if (!waiting) this.#listener.failed(error);
  }

  #settle(settle: (waiting: Waiting) => void): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) settle(one);
  }

  async #requireTopics(topics: readonly string[]): Promise<void> {
    try {
      const known = await describeTopics(this.#outside, topics);
      const missing = topics.filter(topic => !known.topics.some(({ name }) => name === topic));
      if (missing.length > 0) throw missingTopics(missing);
    } catch (error) {
      const fatal = fatalErrorOf(error);
      if (fatal !== undefined) throw fatal;
      // Down at the start: the sessions go on trying, and tell of it.
    }
  }
}
