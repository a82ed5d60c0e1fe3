import { delay } from '../../../base/clock.js';
import { partitionKey } from '../../../base/partition-key.js';
import { KafkaRxError } from '../../../errors/errors.js';
import type { ConsumerOptions, DriverContext, TopicPartition } from '../../port.js';
import { startBatch } from '../../start-batch.js';
import { backoffMs } from '../backoff.js';
import { nothingCommitted, whereToBegin } from '../cluster/cluster-queries.js';
import type { Assignment, PartitionState } from '../consumer/assignment.js';
import { announceReset, positionGone } from '../consumer/offset-reset.js';
import { fatalErrorOf, kindOf } from '../errors.js';
import type { ClusterQueries } from '../kafkajs-path.js';
import type { OffsetReset } from '../options.js';

export interface StockPositionsContext {
  readonly driver: DriverContext;
  readonly options: ConsumerOptions;
  readonly offsetReset: OffsetReset;
  readonly assignment: Assignment;
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
  /** Where a partition without a committed offset began, so that `latest` means the same at the next assignment. */
  readonly #begun = new Map<string, number>();

  constructor(context: StockPositionsContext) {
    this.#context = context;
  }

  /** Finds the positions of this assignment; tries until it has, or `isCurrent` is no longer true. */
  async resolve(isCurrent: () => boolean): Promise<void> {
    const { driver, failed } = this.#context;
    for (let attempt = 1; isCurrent(); attempt++) {
      try {
        await this.#resolve(isCurrent);
        return;
      } catch (error) {
        const fatal = fatalErrorOf(error);
        if (fatal !== undefined) {
          if (isCurrent()) failed(fatal);
          return;
        }
        const delayMs = backoffMs(attempt, backoffCapMs);
        driver.logger.info({ attempt, delayMs, reason: kindOf(error) }, 'positions will be asked for again');
        driver.event({ type: 'retrying', what: 'positions', attempt, delayMs });
        await delay(driver.clock, delayMs);
      }
    }
  }

  async #resolve(isCurrent: () => boolean): Promise<void> {
    const { assignment, options, queries } = this.#context;
    for (const topic of new Set([...assignment.states()].map(state => state.topic))) {
      const committed = await queries.committed(options.groupId, topic);
      const start = await queries.offsets(topic, options.startFrom);
      const unknown = [...assignment.states()].filter(
        state => state.topic === topic && state.position === undefined,
      );
      const committedOf = ({ partition }: TopicPartition) => committed[partition] ?? nothingCommitted;
      const wanted = await whereToBegin(options, unknown, committedOf);
      if (!isCurrent()) return;
      for (const state of unknown) {
        if (state.position !== undefined) continue;
        const stored = committedOf(state).offset;
        const begun = this.#begun.get(partitionKey(state)) ?? start[state.partition] ?? 0;
        if (stored < 0) this.#begun.set(partitionKey(state), begun);
        const known = wanted.get(state) ?? (stored < 0 ? undefined : stored);
        state.position = known ?? begun;
        // Nobody has committed where it begins, and a later start would be elsewhere.
        if (known === undefined && options.startFrom !== 'earliest') state.parked = startBatch(state, begun);
      }
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
      announceReset(driver, state, position, first);
      this.#begun.delete(partitionKey(state));
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
