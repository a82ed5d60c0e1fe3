import { type Clock, type Timer, within } from '../../base/clock.js';
import { drainBoundMs } from '../../base/drain-bound-ms.js';
import { KafkaRxError } from '../../errors/errors.js';
import { MembershipTerm } from '../membership-term.js';
import { notAssigned } from '../not-assigned.js';
import type {
  AssignedPartition,
  ConsumerListener,
  ConsumerOptions,
  DriverConsumer,
  DriverContext,
  OffsetCommit,
  Standstill,
  TopicPartition,
} from '../port.js';
import { AssignedReaders } from './assigned-readers.js';
import type { Cluster } from './cluster.js';
import type { ConsumerGroup, GroupMember } from './consumer-group.js';

/** A consumer of the embedded broker. What the group asks of it comes in deferred turns, and so do its listener's calls. */
export class MemoryConsumer implements DriverConsumer, GroupMember {
  readonly memberId: string;
  readonly coPartitioned: readonly (readonly string[])[];
  readonly sessionTimeoutMs: number;
  topics: readonly string[];
  readonly group: ConsumerGroup;
  readonly #cluster: Cluster;
  readonly #listener: ConsumerListener;
  readonly #options: ConsumerOptions;
  readonly #readers: AssignedReaders;
  readonly #clock: Clock;
  readonly #term: MembershipTerm;
  readonly #forgetReachability: () => void;
  #state: 'new' | 'running' | 'stopped' = 'new';
  #generation = -1;
  #epoch = 0;
  #heartbeat: Timer | undefined;
  /** By a fault: its heartbeats do not arrive. */
  #silent = false;
  #started: { resolve(): void; reject(error: KafkaRxError): void } | undefined;

  constructor(
    cluster: Cluster,
    context: DriverContext,
    options: ConsumerOptions,
    listener: ConsumerListener,
  ) {
    this.#cluster = cluster;
    this.#options = options;
    this.#listener = listener;
    this.memberId = cluster.memberId(context.clientId);
    this.group = cluster.group(options.groupId);
    this.topics = options.topics;
    this.coPartitioned = options.coPartitioned;
    this.sessionTimeoutMs = options.sessionTimeoutMs;
    this.#clock = context.clock;
    this.#term = new MembershipTerm(context.clock, options.sessionTimeoutMs);
    this.#readers = new AssignedReaders({
      cluster,
      listener,
      options,
      term: this.#term,
      event: context.event,
      readCommitted: options.readCommitted,
      group: this.group,
      failed: error => this.fail(error),
      rejoin: () => this.group.rebalance(),
    });
    this.#forgetReachability = cluster.onReachable(reachable => {
      if (!reachable) return;
      this.#readers.wake();
      this.#beatSoon();
    });
  }

  get confirmedUntil(): number {
    return this.#term.until;
  }

  start(): Promise<void> {
    if (this.#state !== 'new') return Promise.reject(closed());
    this.#state = 'running';
    this.#beat();
    this.#readers.comeTo(this.topics);
    return new Promise((resolve, reject) => {
      this.#started = { resolve, reject };
      this.group.join(this);
    });
  }

  async subscribe(topics: readonly string[]): Promise<void> {
    if (this.#state === 'stopped') throw closed();
    const same = topics.length === this.topics.length && topics.every(topic => this.topics.includes(topic));
    this.topics = topics;
    if (!same && this.#state === 'running') this.group.rebalance();
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#setPaused(partitions, true);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#setPaused(partitions, false);
  }

  seek(partition: TopicPartition, offset: number): number {
    const reader = this.#readers.get(partition);
    if (reader === undefined) throw notAssigned(partition, offset);
    reader.seek(offset, ++this.#epoch);
    return reader.epoch;
  }

  rewind(partitions: readonly TopicPartition[]): readonly AssignedPartition[] {
    return this.#readers.rewind(partitions, ++this.#epoch);
  }

  commit(offsets: readonly OffsetCommit[]): Promise<void> {
    const stale = this.refusal(offsets);
    if (stale !== undefined) return Promise.reject(stale);
    const generation = this.#generation;
    return new Promise((resolve, reject) => {
      this.#cluster.clock.defer(() => {
        try {
          const failure = this.#store(generation, offsets);
          if (failure === undefined) resolve();
          else reject(failure);
        } catch (error) {
          // Of text beside the offset that the brokers would not take: the answer to this commit, as from Kafka's client.
          reject(error);
        }
      }, 'group');
    });
  }

  /** Why these offsets are not to be sent: one of them is of a partition that is not assigned in that epoch. */
  refusal(offsets: readonly OffsetCommit[]): KafkaRxError | undefined {
    const stale = offsets.find(offset => this.#readers.get(offset)?.epoch !== offset.epoch);
    if (stale === undefined && this.#state === 'running') return undefined;
    const at = stale && { topic: stale.topic, partition: stale.partition, offset: stale.offset };
    return new KafkaRxError('COMMIT_REFUSED', 'The partition is no longer assigned in that epoch', {
      at,
      remedy: 'Drop the commit: what it covers is delivered again, to whoever has the partition now.',
    });
  }

  /** What of these offsets the broker gets. */
  storable(offsets: readonly OffsetCommit[]): OffsetCommit[] {
    return this.#readers.storable(offsets);
  }

  get generation(): number {
    return this.#generation;
  }

  standstills(): readonly Standstill[] {
    return this.#readers.standstills;
  }

  async stop(): Promise<void> {
    if (!this.#leave()) return;
    this.group.remove(this.memberId);
  }

  prepare(): void {
    if (this.#state !== 'running') return;
    const held = this.#readers.current;
    this.#readers.stop();
    if (this.#readers.size === 0) {
      this.group.rejoin(this);
      return;
    }
    const { rebalanceTimeoutMs } = this.#options;
    // A member hears of a rebalance at once. The group itself goes on without one only at the timeout.
    const drained = this.#drain(this.#readers.list, drainBoundMs(rebalanceTimeoutMs, 0));
    void within(this.#cluster.clock, drained, rebalanceTimeoutMs).then(() => {
      this.#cluster.clock.defer(() => this.#giveUp(held), 'group');
    });
  }

  assign(generation: number, partitions: readonly TopicPartition[]): void {
    if (this.#state !== 'running') return;
    this.#generation = generation;
    this.#term.confirm(this.#clock.elapsed());
    this.#listener.assigned(this.#readers.assign(partitions, ++this.#epoch, this.topics));
    this.#readers.begin();
    this.#started?.resolve();
    this.#started = undefined;
  }

  expelled(): void {
    if (this.#state !== 'running' || this.group.member(this.memberId) !== undefined) return;
    const lost = this.#readers.drop();
    this.group.join(this);
    if (lost.length > 0) this.#listener.lost(lost);
  }

  setSilent(silent: boolean): void {
    this.#silent = silent;
    if (!silent) this.#beatSoon();
  }

  fail(error: KafkaRxError): void {
    if (!this.#leave()) return;
    this.group.remove(this.memberId);
    this.#listener.failed(error);
  }

  die(): void {
    this.#leave();
  }

  #leave(): boolean {
    if (this.#state === 'stopped') return false;
    this.#state = 'stopped';
    this.#readers.drop();
    this.#heartbeat?.cancel();
    this.#forgetReachability();
    this.#started?.reject(closed());
    this.#started = undefined;
    return true;
  }

  /** `revoking`, whose failure gives the partitions up just as well. */
  async #drain(partitions: readonly AssignedPartition[], boundMs: number): Promise<void> {
    try {
      await this.#listener.revoking(partitions, boundMs);
    } catch {
      // The app reports its own failure; the group must not wait for one that failed.
    }
  }

  /** Nothing to give up if the partitions were lost, or the consumer stopped, in the meantime. */
  #giveUp(held: object): void {
    if (this.#state !== 'running' || this.#readers.current !== held) return;
    this.#readers.drop();
    this.group.rejoin(this);
  }

  #store(generation: number, offsets: readonly OffsetCommit[]): KafkaRxError | undefined {
    const failure = this.#cluster.outage ?? this.#cluster.faults.commitFailure();
    if (failure !== undefined) return failure;
    // Lost while the request was on its way: that is no partition which does not exist any more.
    const refused =
      this.refusal(offsets) ?? this.group.commit(this.memberId, generation, this.storable(offsets));
    // The answer also tells a member that was put out that it was.
    if (refused !== undefined) this.#cluster.clock.defer(() => this.expelled(), 'group');
    return refused;
  }

  #setPaused(partitions: readonly TopicPartition[], paused: boolean): void {
    for (const partition of partitions) {
      const reader = this.#readers.get(partition);
      if (reader !== undefined) reader.paused = paused;
    }
  }

  /** Keeps the process alive as a connection does, and finds out when the group went on without this member. */
  #beat(): void {
    this.#heartbeat = this.#cluster.clock.schedule(() => {
      this.#beat();
      this.#tellGroup();
    }, this.sessionTimeoutMs / 3);
  }

  #beatSoon(): void {
    this.#cluster.clock.defer(() => this.#tellGroup(), 'group');
  }

  /** One heartbeat, confirmed or refused at once. */
  #tellGroup(): void {
    if (this.#state !== 'running' || this.#silent || !this.#cluster.reachable) return;
    if (this.group.member(this.memberId) === undefined) this.expelled();
    else if (this.#term.confirm(this.#clock.elapsed())) {
      this.#readers.wake();
      this.#listener.confirmed();
    }
  }
}

function closed(): KafkaRxError {
  return new KafkaRxError('CLOSED', 'The consumer was stopped', { remedy: 'Make a new one.' });
}
