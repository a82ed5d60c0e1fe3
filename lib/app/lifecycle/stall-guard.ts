import type { Clock, Timer } from '../../base/clock.js';
import { KafkaRxError } from '../../errors/errors.js';
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

function stalledAt({ topic, partition, waitingAt }: PartitionReading, timeoutMs: number): KafkaRxError {
  return new KafkaRxError('STALLED', `A record has not settled for ${Math.round(timeoutMs / 1000)} s`, {
    at: { topic, partition, offset: waitingAt },
    remedy:
      'Look at what it waits for: a store, a call of mapAsync or app.each without a timeout; ' +
      'or raise stallTimeoutMs',
  });
}
