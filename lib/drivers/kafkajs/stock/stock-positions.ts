import { delay } from '../../../base/clock.js';
import { KafkaRxError } from '../../../errors/errors.js';
import { GroupBeginning } from '../../group-beginning.js';
import type { ConsumerOptions, DriverContext, TopicPartition } from '../../port.js';
import { startBatch } from '../../start-batch.js';
import { committedFor, nothingCommitted } from '../../topic-commits.js';
import { backoffMs } from '../backoff.js';
import { whereToBegin } from '../cluster/cluster-queries.js';
import type { PartitionState } from '../consumer/assignment.js';
import { announceReset, positionGone } from '../consumer/offset-reset.js';
import { fatalErrorOf, kindOf, reasonOf } from '../errors.js';
import type { ClusterQueries } from '../kafkajs-path.js';
import type { OffsetReset } from '../options.js';
import { readByName } from './read-by-name.js';

export interface StockPositionsContext {
  readonly driver: DriverContext;
  readonly options: ConsumerOptions;
  readonly offsetReset: OffsetReset;
  readonly queries: ClusterQueries;
  readonly failed: (error: KafkaRxError) => void;
}

const backoffCapMs = 1_000;

/**
 * Where each partition begins, looked up after each join and given to kafkajs by `seek`: kafkajs itself knows
 * beginning and end only, and would take the end of then where `latest` was meant at the first join. And whether a
 * batch goes on where the one before ended, since kafkajs moves a position that the broker does not have without a
 * word (src/consumer/offsetManager/index.js, setDefaultOffset).
 */
export class StockPositions {
  readonly #context: StockPositionsContext;
  readonly #beginning = new GroupBeginning();
  /** Topics of the assignment that do not exist. */
  readonly #gone = new Set<string>();

  constructor(context: StockPositionsContext) {
    this.#context = context;
  }

  /** Before the first join: finds the group as it is without this member. Nothing to ask where all begins at the earliest. */
  async comeTo(topics: readonly string[]): Promise<void> {
    const { options, queries } = this.#context;
    if (options.startFrom === 'earliest') return;
    await this.#beginning.look(async () => ({
      hasOffsets: await queries.hasCommitted(options.groupId),
      topics: await queries.topics(topics),
    }));
  }

  /**
   * Finds the positions of those that are sought; tries until it has, or none is sought any more.
   *
   * @param found called whenever some more are known: a topic that is gone holds up nothing but itself
   */
  async resolve(sought: () => readonly PartitionState[], found: () => void): Promise<void> {
    const { driver, failed } = this.#context;
    for (let attempt = 1; sought().length > 0; attempt++) {
      try {
        const gone = await this.#resolve(sought);
        if (sought().length === 0) return;
        found();
        if (gone.length === 0) return;
        await delay(driver.clock, backoffCapMs);
      } catch (error) {
        const fatal = fatalErrorOf(error);
        if (fatal !== undefined) {
          if (sought().length > 0) failed(fatal);
          return;
        }
        const delayMs = backoffMs(attempt, backoffCapMs);
        driver.logger.info({ attempt, delayMs, reason: kindOf(error) }, 'positions will be asked for again');
        driver.event({ type: 'retrying', what: 'positions', attempt, delayMs, reason: reasonOf(error) });
        await delay(driver.clock, delayMs);
      }
    }
  }

  /** Returns the topics that are gone. */
  async #resolve(sought: () => readonly PartitionState[]): Promise<readonly string[]> {
    const { queries } = this.#context;
    const unknown = sought().filter(state => state.position === undefined);
    const names = [...new Set(unknown.map(({ topic }) => topic))];
    const existing = new Set((await queries.topics(names)).map(({ name }) => name));
    for (const topic of names) {
      if (!existing.has(topic)) continue;
      await this.#resolveTopic(
        topic,
        unknown.filter(state => state.topic === topic),
        sought,
      );
      if (sought().length === 0) return [];
    }
    const gone = names.filter(topic => !existing.has(topic));
    this.#tell(gone, names);
    return gone;
  }

  async #resolveTopic(
    topic: string,
    unknown: readonly PartitionState[],
    sought: () => readonly PartitionState[],
  ): Promise<void> {
    const { options, queries } = this.#context;
    const committed = await queries.committed(options.groupId, topic);
    const committedOf = ({ partition }: TopicPartition) =>
      committedFor(committed[partition] ?? nothingCommitted, undefined);
    const first = await queries.offsets(topic, options.startFrom);
    const earliest = await queries.offsets(topic, 'earliest');
    const asked = sought().filter(state => unknown.includes(state) && state.position === undefined);
    const wanted = await whereToBegin(options, asked.map(readByName), committedOf);
    const still = sought();
    for (const [i, state] of asked.entries()) {
      if (state.position !== undefined || !still.includes(state)) continue;
      const { partition } = state;
      const stored = committedOf(state).offset;
      if (stored >= 0) this.#beginning.isOver(topic, partition);
      else {
        const begun = this.#beginning.began(topic, partition) ?? first[partition] ?? 0;
        this.#beginning.begins(topic, partition, begun);
      }
      const begun = this.#beginning.began(topic, partition) ?? earliest[partition] ?? 0;
      const position = wanted[i] ?? (stored < 0 ? begun : stored);
      state.position = position;
      // Nobody has committed where it begins, and the next start would be elsewhere, or take the group for a new one.
      if (stored < 0 && options.startFrom !== 'earliest')
        state.parked = startBatch(readByName(state), position);
    }
  }

  #tell(gone: readonly string[], asked: readonly string[]): void {
    const { event } = this.#context.driver;
    for (const topic of gone) {
      if (this.#gone.has(topic)) continue;
      this.#gone.add(topic);
      event({ type: 'topic-gone', topic });
    }
    for (const topic of asked) {
      if (!gone.includes(topic) && this.#gone.delete(topic)) event({ type: 'topic-back', topic });
    }
  }

  /**
   * The offset from which a batch that begins at `first` is handed out: its own where it goes on where it should;
   * undefined where it must not be handed out at all.
   */
  async handOutFrom(state: PartitionState, first: number): Promise<number | undefined> {
    const { position } = state;
    if (position === undefined || first === position) return position;
    const { driver, queries, offsetReset, failed } = this.#context;
    const low = (await queries.offsets(state.topic, 'earliest'))[state.partition] ?? 0;
    const end = (await queries.offsets(state.topic, 'latest'))[state.partition] ?? 0;
    // Compacted in between, or fetched from the old leader too: then kafkajs was asked for this position.
    if (low <= position && position <= end) return position;
    if (offsetReset === 'fail') failed(positionGone(state, position));
    else if (first < position && state.begun) failed(truncated(state, position));
    else {
      announceReset(driver, state, { from: position, to: first });
      this.#beginning.isOver(state.topic, state.partition);
      return first;
    }
    return undefined;
  }
}

/** Commit points within one epoch never go back, and the public API cannot begin another one. */
function truncated({ topic, partition }: TopicPartition, offset: number): KafkaRxError {
  return new KafkaRxError('DRIVER', 'The topic ends before what was read of it', {
    at: { topic, partition, offset },
    remedy: 'It was made anew or truncated. Start the app again: it goes on where the topic begins now.',
  });
}
