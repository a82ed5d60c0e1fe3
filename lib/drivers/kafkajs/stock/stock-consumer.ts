import type { EachBatchPayload } from 'kafkajs';
import type { Timer } from '../../../base/clock.js';
import type { Gates } from '../../gates.js';
import type {
  AssignedPartition,
  ConsumerListener,
  ConsumerOptions,
  DriverConsumer,
  DriverContext,
  OffsetCommit,
  TopicPartition,
} from '../../port.js';
import { Assignment, type PartitionState } from '../consumer/assignment.js';
import { heartbeatIntervalOf } from '../consumer/consumer-config.js';
import { ConsumerSessions } from '../consumer/consumer-sessions.js';
import { drain } from '../consumer/drain.js';
import { OffsetCommitter } from '../consumer/offset-committer.js';
import { partitionGates } from '../consumer/partition-gates.js';
import { typeOf } from '../errors.js';
import type { ClusterQueries } from '../kafkajs-path.js';
import type { Settings } from '../options.js';
import { StockHandOut } from './stock-hand-out.js';
import { StockPositions } from './stock-positions.js';
import { StockSession } from './stock-session.js';

type Heartbeat = EachBatchPayload['heartbeat'];

/** The group went on without this member. */
const expulsions: ReadonlySet<string> = new Set([
  'UNKNOWN_MEMBER_ID',
  'ILLEGAL_GENERATION',
  'FENCED_INSTANCE_ID',
]);

/**
 * A member of a consumer group by kafkajs's public API: the held handler.
 *
 * kafkajs has no revoke hook, but it joins again only when every `eachBatch` that is open has returned, and within one
 * `heartbeat()` tells of the rebalance first. So:
 * 1. a batch is handed out, and its handler stays open, heartbeating, until a commit passes its last record;
 * 2. where the heartbeat throws REBALANCE_IN_PROGRESS, hand out nothing more and drain, with heartbeats going on and
 *    commits accepted; only then return, which lets kafkajs join;
 * 3. where no handler is open, everything that was handed out is committed: `revoking` is called, and not waited for.
 */
export class StockConsumer implements DriverConsumer {
  readonly tellsNoEnds = true;
  readonly #driver: DriverContext;
  readonly #options: ConsumerOptions;
  readonly #listener: ConsumerListener;
  readonly #heartbeatIntervalMs: number;
  readonly #assignment = new Assignment();
  readonly #handOut: StockHandOut;
  readonly #positions: StockPositions;
  readonly #gates: Gates<PartitionState>;
  /** What finds out where a partition begins; another one where it begins anew. */
  readonly #searches = new WeakMap<PartitionState, object>();
  readonly #sessions: ConsumerSessions<StockSession>;
  readonly #committer: OffsetCommitter;
  #owned: readonly AssignedPartition[] = [];
  /** Counts assignments, and their ends: what began under an earlier one is over. */
  #turn = 0;
  #letGo: Promise<void> | undefined;
  /** Ends a drain early. */
  #cutShort: () => void = () => {};
  #stopped: Promise<void> | undefined;

  constructor(
    driver: DriverContext,
    settings: Settings,
    queries: ClusterQueries,
    options: ConsumerOptions,
    listener: ConsumerListener,
  ) {
    this.#driver = driver;
    this.#options = options;
    this.#listener = listener;
    this.#heartbeatIntervalMs = heartbeatIntervalOf(settings, options);
    this.#sessions = new ConsumerSessions(
      {
        driver,
        listener,
        queries,
        make: (topics, events) =>
          new StockSession({
            ...events,
            driver,
            settings,
            options,
            topics,
            joining: () => this.#positions.comeTo(topics),
            owned: () => this.#owned,
            batch: payload => this.#handOut.batch(payload),
            passed: (...passed) => this.#handOut.passed(...passed),
            rebalancing: () => void this.#letGoOfAll(undefined),
          }),
        joined: partitions => this.#joined(partitions),
        ended: () => this.#lose('session ended'),
        replace: async (before, open) => {
          await this.#letGoOfAll(undefined);
          await before?.close();
          return open();
        },
        stop: () => this.stop(),
      },
      options.topics,
    );
    this.#positions = new StockPositions({
      driver,
      options,
      offsetReset: settings.offsetReset,
      queries,
      failed: error => this.#sessions.fail(error),
    });
    this.#gates = partitionGates(driver, options, this.#assignment, {
      opened: state => void this.#begin([state]),
      failed: error => this.#sessions.fail(error),
    });
    this.#handOut = new StockHandOut({
      driver,
      listener,
      assignment: this.#assignment,
      positions: this.#positions,
      heartbeatIntervalMs: this.#heartbeatIntervalMs,
      beat: heartbeat => this.#beat(heartbeat),
    });
    this.#committer = new OffsetCommitter({
      driver,
      assignment: this.#assignment,
      queries,
      open: () => this.#session?.openCommit() ?? Promise.reject(new Error('no session')),
    });
  }

  /** Nothing is withheld on this path: what is fetched is in kafkajs's hands. */
  get confirmedUntil(): number {
    return Number.POSITIVE_INFINITY;
  }

  start(): Promise<void> {
    return this.#sessions.start();
  }

  subscribe(topics: readonly string[]): Promise<void> {
    return this.#sessions.subscribe(topics);
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#session?.pause(this.#setPaused(partitions, true));
  }

  resume(partitions: readonly TopicPartition[]): void {
    const resumed = this.#setPaused(partitions, false);
    // No listener is called inside a call into the port.
    this.#driver.clock.defer(() => this.#handOut.starts(resumed));
    this.#session?.resume(resumed);
  }

  seek(partition: TopicPartition, offset: number): number {
    const epoch = this.#assignment.seek(partition, offset);
    this.#session?.seek(partition, offset);
    this.#handOut.held.drop(partition);
    return epoch;
  }

  rewind(partitions: readonly TopicPartition[]): readonly AssignedPartition[] {
    const states = this.#assignment.rewind(partitions);
    this.#session?.pause(states);
    const search = {};
    for (const state of states) {
      this.#searches.set(state, search);
      this.#handOut.held.drop(state);
    }
    this.#gates.close(states);
    // Nothing of the app is called inside a call into the port. By then they may be rewound again.
    this.#driver.clock.defer(() => this.#goOn(states.filter(state => this.#searches.get(state) === search)));
    return states.map(({ topic, partition, epoch }) => ({ topic, partition, epoch }));
  }

  async commit(offsets: readonly OffsetCommit[]): Promise<void> {
    await this.#committer.commit(offsets);
    this.#handOut.held.committed(offsets);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  get #session(): StockSession | undefined {
    return this.#sessions.current;
  }

  async #stop(): Promise<void> {
    const started = this.#sessions.stop();
    this.#end();
    // Rejections are calls out of this one; nobody is to hear of it within `stop`.
    await Promise.resolve();
    this.#sessions.rejectWaiting();
    if (started) await this.#session?.close();
  }

  /** Those of the partitions that kafkajs has to be told of; one without a position, or with a closed gate, waits for it, paused. */
  #setPaused(partitions: readonly TopicPartition[], paused: boolean): TopicPartition[] {
    return partitions.filter(partition => {
      const state = this.#assignment.get(partition);
      if (state === undefined || state.paused === paused) return false;
      state.paused = paused;
      return state.position !== undefined && state.gate === undefined;
    });
  }

  #joined(partitions: readonly TopicPartition[]): void {
    // kafkajs joins without having said so first when leaders or partitions changed. The app knows of those that it
    // was already asked to let go.
    const known = this.#letGo !== undefined;
    const before = this.#end();
    if (!known && before.length > 0) this.#listener.lost(before);
    const assigned = this.#assignment.replace(partitions);
    this.#gates.close(this.#assignment.states());
    this.#owned = assigned;
    // kafkajs keeps pauses from one assignment to the next, and would begin where it thinks best.
    this.#session?.pause(assigned);
    this.#listener.assigned(assigned);
    this.#goOn([...this.#assignment.states()]);
  }

  /** Asks for the gates of these, and has those begin whose gate is open. */
  #goOn(states: readonly PartitionState[]): void {
    const open = states.filter(
      state => state.gate === undefined && this.#assignment.readable(state) === state,
    );
    this.#gates.ask(states);
    void this.#begin(open);
  }

  async #begin(states: readonly PartitionState[]): Promise<void> {
    const turn = this.#turn;
    const search = {};
    for (const state of states) this.#searches.set(state, search);
    const left = new Set(states);
    const sought = (): PartitionState[] =>
      this.#turn === turn ? [...left].filter(state => this.#searches.get(state) === search) : [];
    await this.#positions.resolve(sought, () => {
      for (const state of sought()) {
        if (state.position === undefined) continue;
        left.delete(state);
        this.#session?.seek(state, state.position);
        if (!state.paused) this.#session?.resume([state]);
      }
      this.#handOut.starts(this.#assignment.list());
    });
  }

  /** Within a handler: throws what kafkajs has to know. */
  async #beat(heartbeat: Heartbeat): Promise<void> {
    try {
      await heartbeat();
      this.#sessions.setConnected(undefined);
    } catch (error) {
      const type = typeOf(error);
      if (type === 'REBALANCE_IN_PROGRESS') await this.#letGoOfAll(heartbeat);
      else if (type !== undefined && expulsions.has(type)) this.#lose(type);
      else if (type === undefined) this.#sessions.setConnected(error);
      throw error;
    }
  }

  /** Concurrent calls wait for one drain. */
  #letGoOfAll(heartbeat: Heartbeat | undefined): Promise<void> {
    this.#letGo ??= this.#drain(heartbeat).finally(() => {
      this.#letGo = undefined;
    });
    return this.#letGo;
  }

  async #drain(heartbeat: Heartbeat | undefined): Promise<void> {
    const turn = this.#turn;
    this.#assignment.close();
    const partitions = this.#assignment.list();
    if (partitions.length === 0) return;
    const cutShort = new Promise<void>(resolve => {
      this.#cutShort = resolve;
    });
    const context = {
      driver: this.#driver,
      options: this.#options,
      listener: this.#listener,
      heartbeatIntervalMs: this.#heartbeatIntervalMs,
    };
    const drained = drain(context, partitions, cutShort);
    const beating = this.#keepBeating(heartbeat);
    await drained;
    beating.cancel();
    if (this.#turn === turn) this.#end();
  }

  #keepBeating(heartbeat: Heartbeat | undefined): Timer {
    let timer: Timer | undefined;
    const beat = (): void => {
      timer = this.#driver.clock.schedule(beat, this.#heartbeatIntervalMs);
      // It goes on telling of the rebalance; being expelled ends the drain.
      heartbeat?.().catch(error => {
        const type = typeOf(error);
        if (type !== undefined && expulsions.has(type)) this.#lose(type);
      });
    };
    beat();
    return { cancel: () => timer?.cancel() };
  }

  #lose(reason: string): void {
    const lost = this.#end();
    this.#owned = [];
    if (lost.length === 0) return;
    this.#driver.logger.warn({ partitions: lost.length, reason }, 'partitions were lost');
    this.#listener.lost(lost);
  }

  /** The assignment is over: nothing of it is handed out, committed or held any more. Returns what there was. */
  #end(): readonly AssignedPartition[] {
    this.#turn++;
    const before = this.#assignment.clear();
    this.#cutShort();
    this.#handOut.held.dropAll();
    return before;
  }
}
