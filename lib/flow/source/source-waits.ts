import type { PartitionReading } from '../../logging/metrics/instruments.js';
import type { Bounds } from './bounds.js';
import type { InFlight } from './in-flight.js';
import type { PartitionLane } from './partition-lane.js';
import { toldOfPartitions } from './told-of-partitions.js';

/** What the source waits for with records in hand; it goes on by itself when something settles. */
export interface SourceWaitsParts {
  readonly bounds: Bounds;
  readonly inFlight: InFlight;
  readonly lanes: { readonly all: readonly PartitionLane[] };
  readonly readings: () => readonly PartitionReading[];
  /** Milliseconds that a record may hold its partition before it is told. */
  readonly slowMs: number;
}

/** One sentence for each bound that is reached, each partition at its span, each record that holds a partition for long. */
export function sourceWaits(parts: SourceWaitsParts): readonly string[] {
  const { bounds, inFlight, lanes, readings, slowMs } = parts;
  const blocked = lanes.all.filter(lane => lane.turn === 'blocked');
  const slow = readings().filter(({ gapAgeSeconds }) => gapAgeSeconds * 1000 >= slowMs);
  return [
    ...inFlight.reached.map(
      bound => `the source is at its bound ${bound} (${bounds[bound]}), until something settles`,
    ),
    ...toldOfPartitions(
      blocked,
      lane =>
        `is at its span, maxSpan (${bounds.maxSpan}), until the record at offset ${lane.watermark} settles`,
    ),
    ...toldOfPartitions(
      slow,
      ({ waitingAt, gapAgeSeconds }) =>
        `waits: the record at offset ${waitingAt} has not settled for ${Math.round(gapAgeSeconds)} s`,
    ),
  ];
}
