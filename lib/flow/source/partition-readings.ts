import { partitionKey } from '../../base/partition-key.js';
import type { Standstill } from '../../drivers/port.js';
import type { PartitionReading, StandstillReading } from '../../logging/metrics/instruments.js';
import type { PartitionLane } from './partition-lane.js';

/**
 * What the gauges show of each partition.
 *
 * @param standstills asked only where of some partition nothing has come yet
 * @param nowMs the clock's monotonic time
 */
export function partitionReadings(
  lanes: readonly PartitionLane[],
  standstills: () => readonly Standstill[],
  nowMs: number,
): readonly PartitionReading[] {
  const unknown = lanes.some(({ endOffset }) => endOffset < 0) ? unanswered(standstills()) : new Set();
  return lanes.map(lane => ({
    topic: lane.topic,
    partition: lane.partition,
    waitingAt: lane.waitingAt,
    lag: lagOf(lane, unknown),
    heard: lane.heard,
    aboveWatermark: lane.watermark.ahead,
    watermarkAgeSeconds: waits(lane) ? (nowMs - lane.watermarkMovedAt) / 1000 : 0,
    givenUp: lane.givenUp,
  }));
}

/** A fetch that is answered with no record brings no batch, so that what nothing came of is at its end: but for what no broker answers for. */
function lagOf(lane: PartitionLane, unknown: ReadonlySet<unknown>): number | undefined {
  if (lane.endOffset < 0) return unknown.has(partitionKey(lane)) ? undefined : 0;
  return Math.max(0, lane.endOffset - Math.max(lane.waitingAt, 0));
}

function unanswered(standstills: readonly Standstill[]): ReadonlySet<string> {
  return new Set(standstills.filter(({ cause }) => cause === 'unanswered').map(partitionKey));
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

/**
 * Something is under way that is waited for. What an ended branch gave up of a partition that nobody hears any more is not, nor what is of a
 * unit of work that was dropped: its task goes on when its time has come, whatever settles.
 */
function waits({ unsettled, heard, quiet, abandoned }: PartitionLane): boolean {
  return unsettled > 0 && !abandoned && (heard || !quiet);
}
