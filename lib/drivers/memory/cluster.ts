/** The embedded cluster's state, shared by the broker that tests talk to and the connections of its clients. */
import type { Clock } from '../../base/clock.js';
import { newId as randomId } from '../../base/new-id.js';
import { KafkaRxError } from '../../errors/errors.js';
import type { TopicDescription, TopicPartition } from '../port.js';
import { ConsumerGroup } from './consumer-group.js';
import { PartitionLog } from './partition-log.js';
import { ScriptedFaults } from './scripted-faults.js';
import type { Transaction } from './transaction.js';
import { UndecidedCommits } from './undecided-commits.js';

interface Topic {
  readonly name: string;
  readonly id: string;
  readonly logs: PartitionLog[];
  readonly configs: Readonly<Record<string, string>>;
}

/** Hears whether the cluster can be reached. */
export type ReachabilityListener = (reachable: boolean) => void;

export class Cluster {
  readonly id: string;
  readonly clock: Clock;
  readonly faults = new ScriptedFaults();
  /** Commits that were asked for and are decided late. */
  readonly undecided = new UndecidedCommits();
  /** By transactional id, each unit of work that has an owner: how he is fenced. */
  readonly tasks = new Map<string, { fence(): void }>();
  /** Every transactional id that a unit of work was ever opened by. */
  readonly transactionalIds = new Set<string>();
  readonly #topics = new Map<string, Topic>();
  readonly #groups = new Map<string, ConsumerGroup>();
  readonly #listeners = new Set<ReachabilityListener>();
  #unreachableSince: number | undefined;
  readonly #newId: () => string;
  #clients = 0;

  constructor(clock: Clock, newId = randomId) {
    this.clock = clock;
    this.#newId = newId;
    this.id = newId();
  }

  /** A name for a member of a group: the client's, made unique. */
  memberId(clientId: string): string {
    return `${clientId}-${++this.#clients}`;
  }

  get reachable(): boolean {
    return this.#unreachableSince === undefined;
  }

  /** On the clock's monotonic time, while it is down. */
  get unreachableSince(): number | undefined {
    return this.#unreachableSince;
  }

  setReachable(reachable: boolean): void {
    if (this.reachable === reachable) return;
    this.#unreachableSince = reachable ? undefined : this.clock.elapsed();
    for (const listener of [...this.#listeners]) listener(reachable);
    if (reachable) for (const group of this.#groups.values()) group.continue();
  }

  onReachable(listener: ReachabilityListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What a request fails with while the cluster is down; undefined while it is up. */
  get outage(): KafkaRxError | undefined {
    return this.reachable ? undefined : unreachable();
  }

  /** @throws KafkaRxError `UNREACHABLE` while it is down */
  requireReachable(): void {
    const { outage } = this;
    if (outage !== undefined) throw outage;
  }

  describe(): TopicDescription[] {
    return [...this.#topics.values()].map(({ name, id, logs }) => ({
      name,
      id,
      partitions: logs.length,
      internal: name.startsWith('__'),
    }));
  }

  /** Creates a topic, or adds the partitions that it lacks. @param configs of a new one; kept, and nothing more */
  ensureTopic(name: string, partitions: number, configs: Readonly<Record<string, string>> = {}): void {
    const topic = this.#topics.get(name) ?? { name, id: this.#newId(), logs: [], configs: { ...configs } };
    this.#topics.set(name, topic);
    if (topic.logs.length >= partitions) return;
    while (topic.logs.length < partitions) topic.logs.push(new PartitionLog());
    this.#topicChanged(name);
  }

  deleteTopic(name: string): void {
    this.#topics.delete(name);
    for (const group of this.#groups.values()) group.forget(name);
    this.#topicChanged(name);
  }

  /** Undefined where there is no such topic. */
  topicId(topic: string): string | undefined {
    return this.#topics.get(topic)?.id;
  }

  /** @throws KafkaRxError `MISSING_TOPIC` */
  configs(topic: string): Readonly<Record<string, string>> {
    const found = this.#topics.get(topic);
    if (found === undefined) throw missingTopic([topic]);
    return found.configs;
  }

  partitionCount(topic: string): number {
    return this.#topics.get(topic)?.logs.length ?? 0;
  }

  partitionCounts(): Map<string, number> {
    return new Map([...this.#topics.values()].map(({ name, logs }) => [name, logs.length]));
  }

  find({ topic, partition }: TopicPartition): PartitionLog | undefined {
    return this.#topics.get(topic)?.logs[partition];
  }

  /** @throws KafkaRxError `MISSING_TOPIC` */
  log(at: TopicPartition): PartitionLog {
    const log = this.find(at);
    if (log === undefined) throw missingTopic([`${at.topic}[${at.partition}]`]);
    return log;
  }

  /** @throws KafkaRxError `MISSING_TOPIC` */
  logs(topic: string): readonly PartitionLog[] {
    const found = this.#topics.get(topic);
    if (found === undefined) throw missingTopic([topic]);
    return found.logs;
  }

  group(groupId: string): ConsumerGroup {
    let group = this.#groups.get(groupId);
    if (group === undefined) {
      this.ensureTopic('__consumer_offsets', 1);
      group = new ConsumerGroup(groupId, this);
      this.#groups.set(groupId, group);
    }
    return group;
  }

  /**
   * Resolves when the offset of this group and partition is no part of an undecided transaction any more: what a read of stable
   * offsets waits for. Undefined where it is none.
   */
  undecidedOffset(groupId: string, at: TopicPartition): Promise<void> | undefined {
    return this.undecided.ofOffset(groupId, at);
  }

  get groups(): Iterable<ConsumerGroup> {
    return this.#groups.values();
  }

  /** What a produce request fails with, by a fault or because of what does not exist; undefined if it goes on. */
  produceFailure(at: TopicPartition): KafkaRxError | undefined {
    return (
      this.outage ??
      this.faults.produceFailure(at) ??
      (this.find(at) === undefined ? missingTopic([at.topic]) : undefined)
    );
  }

  endTransaction(transaction: Transaction, outcome: 'committed' | 'aborted'): void {
    transaction.end(outcome, this.clock.now());
  }

  #topicChanged(topic: string): void {
    for (const group of this.#groups.values()) group.topicChanged(topic);
  }
}

export function unreachable(): KafkaRxError {
  return new KafkaRxError('UNREACHABLE', 'The embedded broker is down', {
    remedy: 'A test took it down: call `broker.faults.up()`.',
    retriable: true,
  });
}

export function missingTopic(names: readonly string[]): KafkaRxError {
  return new KafkaRxError('MISSING_TOPIC', `No such topic: ${names.join(', ')}`, {
    remedy: 'Create it before the app starts, or correct its name.',
  });
}
