/**
 * Fetches and hands out. kafkajs drives it: its fetch loop calls `broker.fetch` for each broker with the partitions
 * that it leads, and what stands in that place on this consumer's brokers asks for our own positions, hands the batches
 * out and tells kafkajs that nothing came. So kafkajs heartbeats after each round
 * (src/consumer/runner.js, fetch) and goes on at once; a straggler holds up nothing.
 */
import { partitionKey } from '../../../base/partition-key.js';
import { KafkaRxError } from '../../../errors/errors.js';
import type { MembershipTerm } from '../../membership-term.js';
import type {
  ConsumerListener,
  ConsumerOptions,
  DriverContext,
  FetchedBatch,
  TopicPartition,
} from '../../port.js';
import { startBatch } from '../../start-batch.js';
import { backoffMs } from '../backoff.js';
import { fatalErrorOf, kindOf, reasonOf } from '../errors.js';
import { type Broker, type FetchParameters, sendTo } from '../internals/broker.js';
import type { Cluster } from '../internals/cluster.js';
import { Interruption } from '../interruption.js';
import type { Settings } from '../options.js';
import { errorType, meansStaleMetadata, passes } from '../protocol/error-codes.js';
import { type FetchedPartition, fetchRequest } from '../protocol/fetch.js';
import { type Asked, answers, askedOf } from './asked.js';
import type { Assignment, PartitionState } from './assignment.js';
import { CaughtUp } from './caught-up.js';
import { KafkajsBatch } from './kafkajs-batch.js';
import { LeaderWatch } from './leader-watch.js';
import { isUnresolved, type Positions, type Sought } from './positions.js';
import { readFetched } from './read-fetched.js';
import { rebalanceWanted } from './rebalance-wanted.js';
import { Sleepers } from './sleepers.js';
import type { Standstills } from './standstills.js';

export interface FetcherContext {
  readonly driver: DriverContext;
  readonly options: ConsumerOptions;
  readonly settings: Settings;
  readonly listener: ConsumerListener;
  readonly assignment: Assignment;
  readonly term: MembershipTerm;
  readonly positions: Positions;
  readonly standstills: Standstills;
  readonly failed: (error: KafkaRxError) => void;
}

const unknownEpoch = -1;
const backoffCapMs = 1_000;
/** How long a fetch waits for records while another partition of the broker is held back and may be resumed. */
const shortWaitMs = 50;

export class PartitionFetcher {
  readonly #context: FetcherContext;
  readonly #leaders: LeaderWatch;
  /** Brokers that had nothing to fetch. */
  readonly #sleepers: Sleepers;
  /** Where nobody wants to hear of it, nothing is spent on it. */
  readonly #caughtUp: CaughtUp | undefined;
  #rejoin = false;
  #interruption = new Interruption();
  #turn = 0;

  constructor(context: FetcherContext) {
    this.#context = context;
    const { listener } = context;
    if (listener.caughtUp !== undefined)
      this.#caughtUp = new CaughtUp({ listener, mayTell: state => this.#mayHandOut(state) });
    this.#sleepers = new Sleepers(context.driver.clock);
    this.#leaders = new LeaderWatch({
      clock: context.driver.clock,
      partitions: () => context.assignment.states(),
    });
  }

  /** Takes the place of this broker's `fetch` for as long as the session is the current one. */
  tap(broker: Broker, cluster: Cluster, isCurrent: () => boolean): void {
    broker.fetch = async parameters => {
      if (isCurrent()) await this.#fetch(broker, cluster, parameters, isCurrent);
      else await this.#sleepers.sleep(parameters.maxWaitTime);
      return { responses: [] };
    };
  }

  /** Has kafkajs join the group again, at the next fetch of whichever broker. */
  rejoin(): void {
    this.#rejoin = true;
    this.interrupt();
  }

  get rejoinWanted(): boolean {
    return this.#rejoin;
  }

  joined(): void {
    this.#rejoin = false;
    this.#interruption = new Interruption();
  }

  /** Has every fetch return without its answer: kafkajs waits for all of them before it joins or stops. */
  interrupt(): void {
    this.#interruption.happen();
    this.wake();
  }

  /** Ends the waits of brokers that had nothing to fetch. */
  wake(): void {
    this.#sleepers.wake();
  }

  /** Hands out what was fetched while the membership was not sure. */
  handOutAllParked(): void {
    for (const partition of this.#context.assignment.list()) this.handOutParked(partition);
  }

  /** Hands out what was fetched while the partition was paused, or the membership not sure. */
  handOutParked(partition: TopicPartition): void {
    const state = this.#context.assignment.readable(partition);
    const batch = state?.parked;
    if (state === undefined || batch === undefined || !this.#mayHandOut(state)) return;
    state.parked = undefined;
    this.#context.standstills.goesOn(state);
    this.#handOut(state, batch);
    this.wake();
  }

  async #fetch(
    broker: Broker,
    cluster: Cluster,
    { topics, maxWaitTime }: FetchParameters,
    isCurrent: () => boolean,
  ): Promise<void> {
    if (this.#rejoin) throw rebalanceWanted();
    const { assignment, driver, positions, settings, options } = this.#context;
    const states: PartitionState[] = [];
    for (const { topic, partitions } of topics) {
      for (const { partition } of partitions) {
        const state = assignment.readable({ topic, partition });
        if (state !== undefined) states.push(state);
      }
    }
    const now = driver.clock.elapsed();
    const due = this.#rotate(
      states.filter(
        state => state.gate === undefined && state.parked === undefined && state.notBefore <= now,
      ),
    );
    if (due.length === 0) return this.#sleepers.sleep(states.length === 0 ? maxWaitTime : shortWaitMs);
    this.#caughtUp?.order(due);
    try {
      if (positions.presence.hasSuspects) await positions.presence.check();
      if (due.some(isDoubted)) await this.#confirm(due);
      if (due.some(isUnresolved)) await this.#resolve(broker, cluster, due);
      const requested = askedOf(
        due,
        state => !positions.presence.isGone(state) && assignment.isCurrent(state),
      );
      if (requested.size === 0) return await this.#sleepers.sleep(shortWaitMs);
      const answer = sendTo(
        broker,
        fetchRequest([...requested.values()], {
          maxWaitMs: requested.size < states.length ? Math.min(maxWaitTime, shortWaitMs) : maxWaitTime,
          maxBytes: settings.maxBytes,
          maxBytesPerPartition: settings.maxBytesPerPartition,
          readCommitted: options.readCommitted,
        }),
      );
      const response = await this.#interruption.cut(answer);
      if (response === undefined) return;
      let stale = false;
      const firstServed = this.#caughtUp?.firstServed(requested, response.partitions) ?? 0;
      for (const fetched of response.partitions) {
        const asked = requested.get(partitionKey(fetched));
        if (asked === undefined) continue;
        if (fetched.errorCode === 0 && fetched.diverging === undefined && fetched.records.length === 0)
          this.#takeNothing(asked, fetched, asked.place < firstServed);
        else if ((await this.#take(broker, asked, fetched)) === 'stale') stale = true;
      }
      if (stale) await this.#leaders.refresh(cluster, isCurrent);
    } catch (error) {
      // A session that was replaced meanwhile has its connections closed: that says nothing of the one that goes on.
      if (isCurrent()) await this.#recover(cluster, due, error, isCurrent);
    }
  }

  /** What is not known of these; a rebalance does not wait for what the app has to look up, the next assignment asks again. */
  async #resolve(broker: Broker, cluster: Cluster, due: readonly PartitionState[]): Promise<void> {
    const { positions, standstills } = this.#context;
    const there = due.filter(state => !positions.presence.isGone(state));
    const begins = (sought: Sought, offset: number) =>
      this.#handOut(sought.state, startBatch(sought, offset));
    const undecided = await this.#interruption.cut(positions.resolve(broker, cluster, there, begins));
    for (const { state, topic, partition, epoch } of undecided ?? []) {
      if (state.epoch !== epoch) continue;
      standstills.goesOn(state);
      const what = `committed offset of ${topic}-${partition}`;
      this.#tellRetry(what, state.failures + 1, this.#backOff(state), 'UNSTABLE_OFFSET_COMMIT');
    }
  }

  /** Each round begins with another partition: the broker fills its response in the order of the request. */
  #rotate<T>(items: readonly T[]): T[] {
    const start = items.length === 0 ? 0 : this.#turn++ % items.length;
    return [...items.slice(start), ...items.slice(0, start)];
  }

  /** The usual answer where records are rare. @param alone whether anything there was would have come */
  #takeNothing(asked: Asked, fetched: FetchedPartition, alone: boolean): void {
    const { assignment, standstills } = this.#context;
    const state = assignment.readable(asked);
    if (state === undefined || !answers(asked, state)) return;
    state.failures = 0;
    standstills.answered(state, fetched);
    this.#caughtUp?.broughtNothing(state, this.#endOf(fetched), alone);
  }

  async #take(broker: Broker, asked: Asked, fetched: FetchedPartition): Promise<'stale' | undefined> {
    const { assignment, standstills } = this.#context;
    // Sought or made anew, or fetched from two brokers at once while the leader moves: then this answer is not the one.
    const state = assignment.readable(asked);
    if (state === undefined || !answers(asked, state)) return undefined;
    if (fetched.errorCode !== 0)
      return this.#partitionFailed(broker, state, asked, errorType(fetched.errorCode));
    if (fetched.diverging !== undefined) {
      this.#context.positions.diverged(state, fetched.diverging);
      return undefined;
    }
    const set = await readFetched(fetched, asked, this.#context.settings.maxDecompressedBytes);
    // The wait may have ended the epoch: then these records come again, or go to another member.
    if (!assignment.isCurrent(asked) || !answers(asked, state)) return undefined;
    state.failures = 0;
    state.position = set.nextOffset;
    // A broker that answers has no later leader than the one that was asked for: such an epoch is damage, which no checksum covers.
    const { leaderEpoch = unknownEpoch } = asked;
    state.lineage.read(set.epochs.filter(({ epoch }) => leaderEpoch < 0 || epoch <= leaderEpoch));
    standstills.answered(state, fetched);
    const end = this.#endOf(fetched);
    // Brokers note where the log ends before they read it, and it may have grown in between.
    this.#handOut(state, new KafkajsBatch(asked, set, Math.max(end, set.nextOffset)));
    if (state.epoch === asked.epoch) this.#caughtUp?.brought(state, end);
    return undefined;
  }

  #endOf({ lastStableOffset, highWatermark }: FetchedPartition): number {
    return this.#context.options.readCommitted && lastStableOffset >= 0 ? lastStableOffset : highWatermark;
  }

  #mayHandOut(state: PartitionState): boolean {
    return !state.paused && this.#context.term.isConfirmed;
  }

  #handOut(state: PartitionState, batch: FetchedBatch): void {
    if (!this.#mayHandOut(state)) {
      state.parked = batch;
      return;
    }
    state.begun = true;
    state.caughtUp = 'unknown';
    this.#context.listener.batch(batch);
  }

  async #partitionFailed(
    broker: Broker,
    state: PartitionState,
    asked: Asked,
    type: string,
  ): Promise<'stale' | undefined> {
    const { positions, failed } = this.#context;
    const { topic, partition, offset } = asked;
    if (type === 'OFFSET_OUT_OF_RANGE') {
      await positions.outOfRange(broker, state);
      const goesOn = state.position;
      // As `positions` does where it finds out by itself.
      if (!state.halted && state.topicId === asked.topicId && goesOn !== undefined && goesOn > offset)
        this.#handOut(state, startBatch(asked, goesOn));
      return undefined;
    }
    if (!passes(type)) {
      failed(
        new KafkaRxError('DRIVER', `Kafka refuses the fetch: ${type}`, {
          at: { topic, partition, offset },
          remedy: 'Check that the topic exists and that the user may read it.',
        }),
      );
      return undefined;
    }
    // A leader that is no longer one: the topic may be another by now.
    if (meansStaleMetadata(type)) {
      positions.presence.suspect(topic);
      state.leaderEpoch = undefined;
    }
    this.#tellRetry(`fetch of ${topic}-${partition}`, state.failures + 1, this.#backOff(state), type);
    return meansStaleMetadata(type) ? 'stale' : undefined;
  }

  /** Whatever was fetched last of these may be of a topic that is none any more. */
  async #confirm(states: readonly PartitionState[]): Promise<void> {
    const doubted = states.filter(isDoubted);
    await this.#context.positions.presence.confirm(new Set(doubted.map(({ topic }) => topic)));
    for (const state of doubted) state.doubted = false;
  }

  /** A failure of the whole request: these partitions wait, the loop and the other brokers go on. */
  async #recover(
    cluster: Cluster,
    states: readonly PartitionState[],
    error: unknown,
    isCurrent: () => boolean,
  ): Promise<void> {
    const fatal = fatalErrorOf(error);
    if (fatal !== undefined) {
      this.#context.failed(fatal);
      return;
    }
    for (const state of states) {
      state.doubted = true;
      state.leaderEpoch = undefined;
    }
    const delays = states.map(state => this.#backOff(state));
    this.#tellRetry('fetch', states[0]?.failures ?? 1, Math.max(0, ...delays), reasonOf(error));
    try {
      await this.#leaders.refresh(cluster, isCurrent);
    } catch (cause) {
      this.#context.driver.logger.debug({ reason: kindOf(cause) }, 'metadata could not be refreshed');
    }
    await this.#sleepers.sleep(backoffMs(states[0]?.failures ?? 1, backoffCapMs));
  }

  #backOff(state: PartitionState): number {
    const delayMs = backoffMs(++state.failures, backoffCapMs);
    state.notBefore = this.#context.driver.clock.elapsed() + delayMs;
    return delayMs;
  }

  #tellRetry(what: string, attempt: number, delayMs: number, reason: string): void {
    const { driver } = this.#context;
    driver.logger.info({ what, attempt, delayMs, reason }, 'will be retried');
    driver.event({ type: 'retrying', what, attempt, delayMs, reason });
  }
}

function isDoubted({ doubted }: PartitionState): boolean {
  return doubted;
}
