import { partitionKey } from '../../../base/partition-key.js';
import type { ConsumerListener, TopicPartition } from '../../port.js';
import type { PartitionState } from './assignment.js';

export interface CaughtUpContext {
  readonly listener: ConsumerListener;
  /** Whether a batch of it would be handed out now. */
  readonly mayTell: (state: PartitionState) => boolean;
}

/**
 * Tells which partitions have nothing more to read: by where the log ended when it was answered, and not by an answer that brought
 * nothing, since that may have been full before their turn came. Nor by the end alone: records there may have been compacted away, and
 * then nothing ever leads up to it.
 *
 * So one that stands below the end is put in front of the next request. Brokers fill an answer in the order of the request, and give
 * the first partition that has something a whole batch of it, whatever the limits say (KIP-74): up to there each has its answer as if it
 * had been asked for alone.
 */
export class CaughtUp {
  readonly #context: CaughtUpContext;

  constructor(context: CaughtUpContext) {
    this.#context = context;
  }

  /** Puts those in front, in place, of which the last answer left it open. */
  order(due: PartitionState[]): void {
    if (due.some(isLeftOut)) due.sort((a, b) => Number(isLeftOut(b)) - Number(isLeftOut(a)));
  }

  /** The place in the request of the first partition of which anything came: what is before it was asked for as if alone. */
  firstServed(
    requested: ReadonlyMap<string, { readonly place: number }>,
    answered: readonly (TopicPartition & { readonly records: Buffer })[],
  ): number {
    let first = requested.size;
    for (const partition of answered) {
      if (partition.records.length > 0)
        first = Math.min(first, requested.get(partitionKey(partition))?.place ?? first);
    }
    return first;
  }

  /** What came was handed out. @param end of the log, as of this answer */
  brought(state: PartitionState, end: number): void {
    if (state.position !== undefined && state.position >= end) this.#tell(state, state.position);
  }

  /** @param alone whether anything there was would have come */
  broughtNothing(state: PartitionState, end: number, alone: boolean): void {
    const { position, caughtUp } = state;
    if (position === undefined || caughtUp === 'told') return;
    if (alone || position >= end) this.#tell(state, position);
    else state.caughtUp = 'left-out';
  }

  #tell(state: PartitionState, position: number): void {
    if (state.parked !== undefined || !this.#context.mayTell(state)) return;
    const { topic, partition, epoch } = state;
    state.caughtUp = 'told';
    this.#context.listener.caughtUp?.({ topic, partition, epoch }, position);
  }
}

function isLeftOut({ caughtUp }: PartitionState): boolean {
  return caughtUp === 'left-out';
}
