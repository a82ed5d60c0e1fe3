import type { Clock } from '../../../base/clock.js';
import type { Standstill } from '../../port.js';
import type { FetchedPartition } from '../protocol/fetch.js';
import type { Assignment, PartitionState } from './assignment.js';

export interface StandstillsContext {
  readonly clock: Clock;
  readonly assignment: Assignment;
  /** Milliseconds that a fetch waits for a record. */
  readonly maxWaitMs: number;
  readonly readCommitted: boolean;
  /** Whether nothing is fetched of it since it does not exist, which is told elsewhere. */
  readonly isGone: (state: PartitionState) => boolean;
}

/** What the answers to one partition's fetches have shown. */
interface Seen {
  answeredAt: number;
  /** The first record of the open transaction that it stands before. */
  transaction: { readonly offset: number; readonly since: number; records: number } | undefined;
}

/**
 * Which partitions stand still, by what each answer to a fetch says beside its records: the last stable offset and the end. And by
 * answers that do not come: nobody fetches from a partition without a leader, and kafkajs says nothing of it.
 */
export class Standstills {
  readonly #context: StandstillsContext;
  readonly #seen = new WeakMap<PartitionState, Seen>();
  /** What holds up the fetches for the app's sake. */
  #excuses = new Set<object>();
  /** Before that nobody was expected to answer. */
  #expectedFrom = 0;

  constructor(context: StandstillsContext) {
    this.#context = context;
  }

  /** Another assignment: all is fetched from now on. */
  begin(): void {
    this.#excuses = new Set();
    this.#expectedFrom = this.#context.clock.elapsed();
  }

  /** Once for each partition of an answer, when its position has moved. */
  answered(state: PartitionState, { lastStableOffset, highWatermark }: FetchedPartition): void {
    const now = this.#context.clock.elapsed();
    const seen = this.#of(state, now);
    seen.answeredAt = now;
    const { position } = state;
    const stands =
      this.#context.readCommitted &&
      position === lastStableOffset &&
      lastStableOffset >= 0 &&
      lastStableOffset < highWatermark;
    if (!stands) seen.transaction = undefined;
    else if (seen.transaction?.offset === position) seen.transaction.records = highWatermark - position;
    else seen.transaction = { offset: position, since: now, records: highWatermark - position };
  }

  /** It was not fetched for a reason of the app's, and is from now on. */
  goesOn(state: PartitionState): void {
    this.#seen.set(state, { answeredAt: this.#context.clock.elapsed(), transaction: undefined });
  }

  /** The app takes its time: until then no broker is to blame. */
  async excused<T>(work: Promise<T>): Promise<T> {
    const excuse = {};
    this.#excuses.add(excuse);
    try {
      return await work;
    } finally {
      if (this.#excuses.delete(excuse)) this.#expectedFrom = this.#context.clock.elapsed();
    }
  }

  /** @see DriverConsumer.standstills */
  list(): readonly Standstill[] {
    const { assignment, clock, isGone } = this.#context;
    const now = clock.elapsed();
    return [...assignment.states()].flatMap(state => {
      if (state.paused || state.parked !== undefined || state.gate !== undefined) return [];
      if (assignment.readable(state) === undefined || isGone(state)) return [];
      return this.#standstillOf(state, now) ?? [];
    });
  }

  #standstillOf(state: PartitionState, now: number): Standstill | undefined {
    const { topic, partition, position } = state;
    const seen = this.#seen.get(state);
    const since = Math.max(seen?.answeredAt ?? 0, this.#expectedFrom);
    // A fetch may wait for as long as it was told to, and its answer has to come and be read.
    if (now - since > 2 * this.#context.maxWaitMs && this.#excuses.size === 0)
      return { topic, partition, cause: 'unanswered', offset: position ?? -1, records: 0, since };
    const transaction = seen?.transaction;
    // Sought elsewhere in the meantime.
    if (transaction === undefined || transaction.offset !== position) return undefined;
    return { topic, partition, cause: 'open-transaction', ...transaction };
  }

  #of(state: PartitionState, now: number): Seen {
    let seen = this.#seen.get(state);
    if (seen === undefined) {
      seen = { answeredAt: now, transaction: undefined };
      this.#seen.set(state, seen);
    }
    return seen;
  }
}
