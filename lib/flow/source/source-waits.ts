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
  /** The clock's monotonic time. */
  readonly nowMs: number;
}

/** Milliseconds that a drain may take before it is told. */
const slowDrainMs = 5000;

/** One sentence for each bound that is reached, each partition at its span, each record that holds a partition for long. */
export function sourceWaits(parts: SourceWaitsParts): readonly string[] {
  const { bounds, inFlight, lanes, readings, slowMs, nowMs } = parts;
  // Of those whose unit of work was dropped nothing settles that counts: they wait for their task to begin anew.
  const waited = lanes.all.filter(({ abandoned }) => !abandoned);
  // What was given up settles never: whoever stands at it is told of that instead.
  const blocked = waited.filter(
    lane =>
      lane.task.turn === 'blocked' && lane.span >= bounds.maxSpan && lane.givenUp?.offset !== lane.waitingAt,
  );
  const awaited = waited.filter(
    lane => lane.task.wait?.input === lane && nowMs - lane.task.wait.since >= slowMs,
  );
  const drains = waited.filter(
    lane => lane.draining && !lane.quiet && nowMs - lane.drainingSince >= slowDrainMs,
  );
  const slow = readings().filter(
    ({ watermarkAgeSeconds, givenUp, waitingAt }) =>
      watermarkAgeSeconds * 1000 >= slowMs && givenUp?.offset !== waitingAt,
  );
  return [
    ...inFlight.reached.map(
      bound => `the source is at its bound ${bound} (${bounds[bound]}), until something settles`,
    ),
    ...toldOfPartitions(
      blocked,
      lane =>
        `is at its span, maxSpan (${bounds.maxSpan}), until the record at offset ${lane.waitingAt} settles`,
    ),
    ...toldOfPartitions(awaited, lane => toldOfAwaited(lane, nowMs)),
    ...toldOfPartitions(drains, lane => {
      const seconds = Math.round((nowMs - lane.drainingSince) / 1000);
      return (
        `is to be given up, and waits for ${lane.unsettled - lane.held} records to settle, the first at offset ` +
        `${lane.waitingAt}, for ${seconds} s now`
      );
    }),
    ...toldOfPartitions(
      slow,
      ({ waitingAt, watermarkAgeSeconds }) =>
        `waits: the record at offset ${waitingAt} has not settled for ${Math.round(watermarkAgeSeconds)} s`,
    ),
  ];
}

function toldOfAwaited({ beyond, task, position, preparing }: PartitionLane, nowMs: number): string {
  const more = {
    more:
      preparing > 0
        ? 'a codec prepares what has come of it'
        : `the brokers hold records of it from offset ${Math.max(position, 0)} on, which have not come`,
    unknown: 'the brokers have not said yet whether there is more of it',
    end: 'it is at its end, and maxTaskIdleMs is not over',
  }[beyond];
  const seconds = Math.round((nowMs - (task.wait?.since ?? nowMs)) / 1000);
  return `keeps the other inputs of its task ${task.name} waiting, for ${seconds} s now: ${more}`;
}
