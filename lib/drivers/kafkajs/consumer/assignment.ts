import { partitionKey } from '../../../base/partition-key.js';
import type { Gated } from '../../gates.js';
import { Lineage } from '../../lineage.js';
import { notAssigned } from '../../not-assigned.js';
import type { AssignedPartition, FetchedBatch, TopicPartition } from '../../port.js';

/** What is known of one partition for as long as one epoch lasts. */
export interface PartitionState extends Gated {
  epoch: number;
  /** The next offset to fetch; undefined until the committed offset was looked up. */
  position: number | undefined;
  paused: boolean;
  /** Fetched while paused or not sure of the membership, and handed out later. One at most: memory is bounded. */
  parked: FetchedBatch | undefined;
  /** Whether a record of this epoch was handed out, so that moving the position needs a new epoch. */
  begun: boolean;
  /** Nothing more is handed out in this epoch: the next assignment begins elsewhere. */
  halted: boolean;
  /** Kafka's id of the topic that this epoch reads; undefined until it was looked up, or where nobody tells it. */
  topicId: string | undefined;
  /** Of which leaders what was read is: how the log shows that it is not the one that was read any more. */
  readonly lineage: Lineage;
  /** The leader's epoch as last looked up, -1 where brokers do not tell; undefined while it is to be looked up. */
  leaderEpoch: number | undefined;
  /** The topic's name is another topic's by now: what was read is not to be committed. */
  madeAnew: boolean;
  /** A fetch of it failed as a whole: before the next one its topic is looked up, since nobody would tell that it is another now. */
  doubted: boolean;
  /** Whether the listener knows that nothing more is there; `left-out`: an answer brought nothing, and may have had no room for it. */
  caughtUp: 'unknown' | 'left-out' | 'told';
  /** Consecutive failures, and the monotonic time before which it is not fetched again. */
  failures: number;
  notBefore: number;
}

/** The partitions that this member has, with their epochs and positions. Plain state, without Kafka or timers. */
export class Assignment {
  #partitions = new Map<string, PartitionState>();
  #epoch = 0;
  /** Whether batches may be handed out: not once the partitions are about to be given up. */
  #open = false;

  /** Replaces the assignment; every partition has a new epoch, kept or not. */
  replace(partitions: readonly TopicPartition[]): readonly AssignedPartition[] {
    const epoch = ++this.#epoch;
    this.#partitions = new Map(
      partitions.map(({ topic, partition }) => [
        partitionKey({ topic, partition }),
        {
          topic,
          partition,
          epoch,
          gate: undefined,
          position: undefined,
          paused: false,
          parked: undefined,
          begun: false,
          halted: false,
          topicId: undefined,
          lineage: new Lineage(),
          leaderEpoch: undefined,
          madeAnew: false,
          doubted: false,
          caughtUp: 'unknown',
          failures: 0,
          notBefore: 0,
        },
      ]),
    );
    this.#open = true;
    return this.list();
  }

  list(): readonly AssignedPartition[] {
    return [...this.#partitions.values()].map(({ topic, partition, epoch }) => ({ topic, partition, epoch }));
  }

  states(): Iterable<PartitionState> {
    return this.#partitions.values();
  }

  /** The partition if it may be handed out from, otherwise undefined. */
  readable(partition: TopicPartition): PartitionState | undefined {
    const state = this.#open ? this.#partitions.get(partitionKey(partition)) : undefined;
    return state?.halted === true ? undefined : state;
  }

  /** The partition's state, also while it is being given up. */
  get(partition: TopicPartition): PartitionState | undefined {
    return this.#partitions.get(partitionKey(partition));
  }

  /** Whether a batch that was fetched in this epoch may still be handed out. */
  isCurrent(partition: AssignedPartition): boolean {
    return this.readable(partition)?.epoch === partition.epoch;
  }

  /** Hands out nothing more; commits of the partitions remain valid. */
  close(): void {
    this.#open = false;
    for (const state of this.#partitions.values()) state.parked = undefined;
  }

  /** Gives everything up; returns what there was. */
  clear(): readonly AssignedPartition[] {
    const before = this.list();
    this.#open = false;
    this.#partitions = new Map();
    return before;
  }

  /** Moves the position and begins a new epoch. Throws `DRIVER` for a partition that is not assigned. */
  seek(partition: TopicPartition, offset: number): number {
    const state = this.#assigned(partition, offset);
    this.#beginEpoch(state, offset);
    return state.epoch;
  }

  /** Begins new epochs, of which nothing is known yet. Throws `DRIVER`, and changes nothing, where one is not assigned. */
  rewind(partitions: readonly TopicPartition[]): readonly PartitionState[] {
    const states = partitions.map(partition => this.#assigned(partition));
    for (const state of states) {
      this.#beginEpoch(state, undefined);
      state.paused = false;
      state.leaderEpoch = undefined;
      state.failures = 0;
    }
    return states;
  }

  #assigned(partition: TopicPartition, offset?: number): PartitionState {
    const state = this.#partitions.get(partitionKey(partition));
    if (state === undefined) throw notAssigned(partition, offset);
    return state;
  }

  #beginEpoch(state: PartitionState, position: number | undefined): void {
    state.epoch = ++this.#epoch;
    state.position = position;
    state.parked = undefined;
    state.begun = false;
    state.halted = false;
    // Looked up again: it may be another topic than it was.
    state.topicId = undefined;
    state.lineage.goOn(undefined);
    state.madeAnew = false;
    state.caughtUp = 'unknown';
    state.notBefore = 0;
  }
}
