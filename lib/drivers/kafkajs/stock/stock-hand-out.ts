import type { EachBatchPayload } from 'kafkajs';
import { within } from '../../../base/clock.js';
import type { ConsumerListener, DriverContext, TopicPartition } from '../../port.js';
import { offsetOf } from '../cluster/cluster-queries.js';
import type { Assignment } from '../consumer/assignment.js';
import { HeldBatches } from './held-batches.js';
import { readByName } from './read-by-name.js';
import { StockBatch } from './stock-batch.js';
import type { StockPositions } from './stock-positions.js';

export interface StockHandOutContext {
  readonly driver: DriverContext;
  readonly listener: ConsumerListener;
  readonly assignment: Assignment;
  readonly positions: StockPositions;
  readonly heartbeatIntervalMs: number;
  /** Within a handler: throws what kafkajs has to know. */
  readonly beat: (heartbeat: EachBatchPayload['heartbeat']) => Promise<void>;
}

/** What kafkajs has fetched, handed on, with its handlers held open until it is committed. */
export class StockHandOut {
  readonly held = new HeldBatches();
  readonly #context: StockHandOutContext;

  constructor(context: StockHandOutContext) {
    this.#context = context;
  }

  /** Of those that nobody has committed: where they begin. It comes before what is fetched, and once. */
  starts(partitions: readonly TopicPartition[]): void {
    const { assignment, listener } = this.#context;
    for (const partition of partitions) {
      const state = assignment.readable(partition);
      const start = state?.parked;
      if (state === undefined || start === undefined || state.paused) continue;
      state.parked = undefined;
      state.begun = true;
      listener.batch(start);
    }
  }

  /** kafkajs's handler. What it does not resolve, kafkajs fetches again. */
  async batch({ batch, heartbeat, resolveOffset, isStale }: EachBatchPayload): Promise<void> {
    const { driver, assignment, positions, listener, heartbeatIntervalMs, beat } = this.#context;
    const { topic, partition } = batch;
    const state = assignment.readable(batch);
    const first = batch.firstOffset();
    if (state === undefined || state.gate !== undefined || first === null || isStale()) return;
    const at = readByName({ topic, partition, epoch: state.epoch });
    const from = await positions.handOutFrom(state, offsetOf(first));
    if (from === undefined || state.paused || isStale() || !assignment.isCurrent(at)) return;
    const nextOffset = offsetOf(batch.lastOffset()) + 1;
    if (nextOffset <= from) return;
    resolveOffset(batch.lastOffset());
    state.position = nextOffset;
    state.begun = true;
    const messages = batch.messages.filter(({ offset }) => offsetOf(offset) >= from);
    const last = messages.at(-1);
    const settled = last === undefined ? undefined : this.held.hold(at, offsetOf(last.offset) + 1);
    listener.batch(new StockBatch(at, messages, nextOffset, offsetOf(batch.highWatermark)));
    if (settled === undefined) return;
    while ((await within(driver.clock, settled, heartbeatIntervalMs)) === 'late') await beat(heartbeat);
  }

  /** Nothing but what kafkajs passes over: control records, aborted ones. */
  passed(partition: TopicPartition, nextOffset: number, endOffset: number): void {
    const { assignment, listener } = this.#context;
    const state = assignment.readable(partition);
    if (
      state?.position === undefined ||
      state.gate !== undefined ||
      state.paused ||
      nextOffset <= state.position
    )
      return;
    state.position = nextOffset;
    listener.batch(new StockBatch(readByName(state), [], nextOffset, endOffset));
  }
}
