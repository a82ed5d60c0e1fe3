import type { Clock, Timer } from '../../base/clock.js';
import { type Coordinates, KafkaRxError } from '../../errors/errors.js';
import { type GivenUp, toldGivenUp } from '../../flow/source/given-up.js';
import type { PartitionReading } from '../../logging/metrics/instruments.js';

export interface StallGuardParts {
  readonly clock: Clock;
  /** Milliseconds that a record may hold a partition's watermark. */
  readonly timeoutMs: number;
  readonly partitions: () => readonly PartitionReading[];
  readonly stalled: (error: KafkaRxError) => void;
}

/**
 * Watches for a partition that no longer moves. Heartbeats go on by themselves, so that a member whose pipeline is dead
 * would keep its partitions for ever; the Java client has `max.poll.interval.ms` for that.
 *
 * @returns the way out
 */
export function guardAgainstStall({ clock, timeoutMs, partitions, stalled }: StallGuardParts): () => void {
  let timer: Timer | undefined;
  const look = (): void => {
    const stuck = partitions().find(partition => partition.watermarkAgeSeconds * 1000 >= timeoutMs);
    if (stuck === undefined) timer = clock.schedule(look, timeoutMs / 4);
    else stalled(stalledAt(stuck, timeoutMs));
  };
  timer = clock.schedule(look, timeoutMs / 4);
  return () => timer?.cancel();
}

function stalledAt(
  { topic, partition, waitingAt, givenUp }: PartitionReading,
  timeoutMs: number,
): KafkaRxError {
  if (givenUp?.offset === waitingAt)
    return stalledAtGivenUp(givenUp, { topic, partition, offset: waitingAt });
  return new KafkaRxError('STALLED', `A record has not settled for ${Math.round(timeoutMs / 1000)} s`, {
    at: { topic, partition, offset: waitingAt },
    remedy:
      'Look at what it waits for: a store, a call of mapAsync or app.each without a timeout; ' +
      'or raise stallTimeoutMs',
  });
}

/** Nothing waits there: it was let go of, and is never done. */
function stalledAtGivenUp(givenUp: GivenUp, at: Coordinates): KafkaRxError {
  return new KafkaRxError(
    'STALLED',
    `${toldGivenUp(givenUp)}: nothing from offset ${givenUp.offset} on can be committed before a restart`,
    {
      at,
      remedy:
        givenUp.sink === undefined
          ? 'Restart, and they come again; keep what has records under way (mapAsync, batch, through) outside of a switchMap and of ' +
            'what else unsubscribes it, or have a sink with mayEnd end it'
          : 'Restart, and they come again; that a sink may end with nothing under way, put take and takeUntil before mapAsync, batch and ' +
            'through, which then finish what they have',
    },
  );
}
