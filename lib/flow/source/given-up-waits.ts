import { toldGivenUp } from './given-up.js';
import type { PartitionLane } from './partition-lane.js';
import { toldOfPartitions } from './told-of-partitions.js';

/** One sentence for each partition of which records were given up: it goes on, and commits nothing more. */
export function givenUpWaits(lanes: readonly PartitionLane[]): readonly string[] {
  const given = lanes.flatMap(({ topic, partition, givenUp }) =>
    givenUp === undefined ? [] : [{ topic, partition, givenUp }],
  );
  return toldOfPartitions(
    given,
    ({ givenUp }) =>
      `commits nothing from offset ${givenUp.offset} on: ${toldGivenUp(givenUp)}, and come again only after a restart`,
  );
}
