import type { Standstill } from '../../drivers/port.js';
import type { PartitionReading, StandstillReading } from '../../logging/metrics/instruments.js';
import type { PartitionLane } from './partition-lane.js';

/**
 * What the gauges show of each partition.
 *
 * @param nowMs the clock's monotonic time
 */
export function partitionReadings(
  lanes: readonly PartitionLane[],
  nowMs: number,
): readonly PartitionReading[] {
  return lanes.map(lane => ({
    topic: lane.topic,
    partition: lane.partition,
    waitingAt: lane.watermark,
    lag: lane.endOffset < 0 ? 0 : Math.max(0, lane.endOffset - Math.max(lane.watermark, 0)),
    read: lane.wanted,
    gapDepth: Math.max(0, lane.span - lane.unsettled),
    gapAgeSeconds: waits(lane) ? (nowMs - lane.watermarkMovedAt) / 1000 : 0,
  }));
}

/** The same of those that stand still. */
export function standstillReadings(
  standstills: readonly Standstill[],
  nowMs: number,
): readonly StandstillReading[] {
  return standstills.map(({ topic, partition, cause, records, since }) => ({
    topic,
    partition,
    cause,
    records,
    seconds: (nowMs - since) / 1000,
  }));
}

/** Something is under way. What an ended branch gave up of a partition that nobody hears any more is not. */
function waits({ unsettled, wanted, quiet }: PartitionLane): boolean {
  return unsettled > 0 && (wanted || !quiet);
}
