import { partitionKey } from '../../../base/partition-key.js';
import type { KafkaRxError } from '../../../errors/errors.js';
import type { ConsumerOptions, DriverContext } from '../../port.js';
import { committedOffsets, describeTopics, offsetsAt, whereToBegin } from '../cluster/cluster-queries.js';
import type { Broker } from '../internals/broker.js';
import type { Cluster } from '../internals/cluster.js';
import type { OffsetReset } from '../options.js';
import type { Assignment, PartitionState } from './assignment.js';
import type { Membership } from './membership.js';
import { announceReset, positionGone } from './offset-reset.js';

export interface PositionsContext {
  readonly driver: DriverContext;
  readonly options: ConsumerOptions;
  readonly offsetReset: OffsetReset;
  readonly assignment: Assignment;
  readonly membership: Membership;
  readonly rejoin: () => void;
  readonly failed: (error: KafkaRxError) => void;
}

/**
 * Where each partition is read from. kafkajs's own positions are not used: it "repairs" an offset out of range by
 * committing another one, without a word and even with `autoCommit: false`
 * (src/consumer/offsetManager/index.js, setDefaultOffset). Here a position moves by what was fetched, by `seek`, or by
 * a reset that is announced.
 */
export class Positions {
  readonly #context: PositionsContext;
  /** Where a partition without a committed offset began, so that `latest` means the same at the next assignment. */
  readonly #begun = new Map<string, number>();
  /** Where a partition goes on after the next assignment, whatever is committed. */
  readonly #resets = new Map<string, number>();
  /** Kafka's ids of the topics that the positions are of. */
  readonly #topicIds = new Map<string, string>();
  /** Topics that a broker did not know for a moment: they may have been deleted and made anew. */
  readonly #suspects = new Set<string>();

  constructor(context: PositionsContext) {
    this.#context = context;
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
    const unknown = states.filter(state => state.position === undefined);
    if (unknown.length === 0) return;
    const epochs = new Map(unknown.map(state => [state, state.epoch]));
    await this.#learnTopics(cluster, unknown);
    const committed = await committedOffsets(await membership.coordinator(), options.groupId, unknown);
    const fresh = unknown.filter(
      state => committed(state).offset < 0 && !this.#begun.has(partitionKey(state)),
    );
    const start =
      fresh.length === 0
        ? undefined
        : await offsetsAt(broker, fresh, options.startFrom, options.readCommitted);
    const wanted = await whereToBegin(options, unknown, committed);
    for (const state of unknown) {
      // Sought or assigned anew in the meantime: then what was looked up is of another epoch.
      if (state.epoch !== epochs.get(state) || state.position !== undefined) continue;
      const key = partitionKey(state);
      if (start !== undefined && fresh.includes(state)) this.#begun.set(key, start(state));
      const { offset: last } = committed(state);
      const known = this.#resets.get(key) ?? wanted.get(state) ?? (last >= 0 ? last : undefined);
      const begun = this.#begun.get(key);
      this.#resets.delete(key);
      state.position = known ?? begun;
      // Nobody has committed where it begins, and a later start would be elsewhere.
      if (known === undefined && begun !== undefined && options.startFrom !== 'earliest')
        begins(state, begun);
    }
  }

  /** The broker does not have the position: announces where it goes on, or fails, as the options say. */
  async outOfRange(broker: Broker, state: PartitionState): Promise<void> {
    const { offsetReset, options } = this.#context;
    if (offsetReset === 'fail') return this.#refuse(state);
    const at = await offsetsAt(broker, [state], offsetReset, options.readCommitted);
    this.#reset(state, at(state));
  }

  /** A broker did not know the topic: its id is compared before the next fetch. */
  suspect(topic: string): void {
    this.#suspects.add(topic);
  }

  /** Looks whether a suspect is the topic that it was; returns those of which nothing is to be fetched now. */
  async checkSuspects(cluster: Cluster): Promise<ReadonlySet<string>> {
    const { assignment, offsetReset } = this.#context;
    const absent = new Set<string>();
    if (this.#suspects.size === 0) return absent;
    const { topics } = await describeTopics(cluster, [...this.#suspects]);
    for (const topic of [...this.#suspects]) {
      const id = topics.find(({ name }) => name === topic)?.id;
      if (id === undefined) {
        absent.add(topic);
        continue;
      }
      this.#suspects.delete(topic);
      const before = this.#topicIds.get(topic);
      this.#topicIds.set(topic, id);
      if (before === undefined || before === id) continue;
      for (const state of assignment.states()) {
        if (state.topic !== topic || state.position === undefined) continue;
        if (offsetReset === 'fail') this.#refuse(state);
        else this.#reset(state, 0);
      }
    }
    return absent;
  }

  async #learnTopics(cluster: Cluster, states: readonly PartitionState[]): Promise<void> {
    const names = [...new Set(states.map(({ topic }) => topic))].filter(topic => !this.#topicIds.has(topic));
    if (names.length === 0) return;
    const { topics } = await describeTopics(cluster, names);
    for (const { name, id } of topics) this.#topicIds.set(name, id);
  }

  /**
   * A position that moves by itself needs a new epoch, since commit points within one never go back. Where records of
   * this epoch are out already, that is an assignment: the group is joined again, after a drain.
   */
  #reset(state: PartitionState, to: number): void {
    const { driver, rejoin } = this.#context;
    announceReset(driver, state, state.position ?? -1, to);
    this.#begun.delete(partitionKey(state));
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
