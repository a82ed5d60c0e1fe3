import { partitionKey } from '../../../base/partition-key.js';
import type { ReadPartition } from '../../read-partition.js';
import type { FetchPosition } from '../protocol/fetch.js';
import type { PartitionState } from './assignment.js';

/** What a fetch asked for, and as which of all. */
export type Asked = FetchPosition & ReadPartition & { readonly place: number };

/**
 * What a fetch asks for, by partition, in the order given.
 *
 * @param isThere whether the topic exists, as far as is known, and the epoch goes on
 */
export function askedOf(
  states: readonly PartitionState[],
  isThere: (state: PartitionState) => boolean,
): ReadonlyMap<string, Asked> {
  const asked = new Map<string, Asked>();
  for (const state of states) {
    const { topic, partition, epoch, position: offset, topicId, leaderEpoch } = state;
    if (offset === undefined || topicId === undefined) continue;
    if (state.gate !== undefined || state.parked !== undefined || !isThere(state)) continue;
    const lastFetchedEpoch = state.lineage.before(offset);
    const place = asked.size;
    const one = { topic, partition, epoch, offset, topicId, leaderEpoch, lastFetchedEpoch, place };
    asked.set(partitionKey(state), one);
  }
  return asked;
}

/** Whether an answer to this is one for the partition as it is now. */
export function answers(asked: Asked, { epoch, position, topicId }: PartitionState): boolean {
  return epoch === asked.epoch && position === asked.offset && topicId === asked.topicId;
}
